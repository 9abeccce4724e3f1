import type { RecoveryCase } from './cases.ts';
import { Course, Failure, type Phase } from './course.ts';
import type { JoinedVm } from './joined-vm.ts';
import type { Traffic } from './traffic.ts';
import type { VariantName } from './variants.ts';

/** `failed`: something did not come back within its limit, or was lost. `broken`: the lab failed, and nothing is known. */
export const VERDICTS = ['recovered', 'failed', 'broken'] as const;
type Verdict = (typeof VERDICTS)[number];

/** One line of the results. */
export interface Result {
  readonly variant: VariantName;
  readonly case: string;
  readonly what: string;
  readonly verdict: Verdict;
  readonly phases: readonly Phase[];
  /** Requests to the VM's HTTP service during the case. */
  readonly web: Traffic;
  /** For people: what the times do not say. */
  readonly remark?: string;
  /** What was seen, where it is not well. */
  readonly detail?: string;
  /** Milliseconds of the whole case. */
  readonly ms: number;
}

/** A VM without a fault is clean within this time. Milliseconds. */
const SETTLED = 90_000;

/** Breaks the VM in one way and measures how it recovers. */
export async function runCase(vm: JoinedVm, each: RecoveryCase): Promise<Omit<Result, 'variant'>> {
  const began = performance.now();
  await settled(vm);
  await using course = new Course(vm);
  let wrong: { readonly verdict: Verdict; readonly detail?: string } = { verdict: 'recovered' };
  try {
    await each.run(course);
  } catch (error) {
    const isFailure = error instanceof Failure;
    wrong = {
      verdict: isFailure ? 'failed' : 'broken',
      detail: String(isFailure ? error.message : error).slice(0, 1500),
    };
  }
  const ms = Math.round(performance.now() - began);
  const { name, what, remark } = each;
  return {
    case: name,
    what,
    ...(remark !== undefined && { remark }),
    ...wrong,
    phases: course.phases,
    web: course.traffic,
    ms,
  };
}

/** Throws if the VM is not as it should be before the fault. */
async function settled(vm: JoinedVm): Promise<void> {
  await using before = new Course(vm);
  await before.answer(SETTLED);
  await before.clean(SETTLED);
}
