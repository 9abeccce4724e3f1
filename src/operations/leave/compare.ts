import { setTimeout as delay } from 'node:timers/promises';
import type { Host } from '../../host/run/host.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { remadeByBoot } from '../../reconcile/undo/remade.ts';
import { comparePictures, type Difference, formatDifference, isContentOnly } from '../../reconcile/undo/compare.ts';
import {
  type Picture,
  readKeptPicture,
  removeKeptPicture,
  takePicture,
  writtenIn,
} from '../../reconcile/undo/picture.ts';
import type { Result } from '../../checks/check.ts';
import type { Verification } from '../change/decision.ts';
import type { LeavingVm } from './report.ts';

/** A machine that is compared with the snapshot from before its first change. */
export interface Comparing extends Pick<LeavingVm, 'vm' | 'observe'> {
  readonly host: Host;
  /** Files that existed before and that other programs write; see `path other` in undo.sh. */
  readonly written: readonly string[];
  /** The snapshot is on the machine until nothing differs from it. */
  readonly leavesSnapshot: boolean;
}

/** Throws `difference-left` if anything differs, and keeps the snapshot for the next comparison. */
export function comparison(comparing: Comparing): Verification<Result> {
  const { vm, host, observe, leavesSnapshot } = comparing;
  let differences: readonly Difference[] | undefined;
  return {
    id: 'compare',
    title: 'Compare the machine with its pre-join snapshot',
    // The last step of the undo may remove the snapshot with the journal.
    before: async (signal) => {
      const before = await readKeptPicture(host, signal);
      return async function* (held) {
        const start = performance.now();
        if (before) {
          const compared = await settledDifferences(comparing, before, held);
          differences = compared.differences;
          observe({ kind: 'compared', ...compared });
          if (leavesSnapshot && differences.length === 0) await removeKeptPicture(host, held);
        }
        yield resultOf(differences, Math.round(performance.now() - start));
      };
    },
    problem: () => leavingProblems.differenceLeft({ vm, differences: (differences ?? []).map(formatDifference) }),
  };
}

/** Differences are undefined without a snapshot. */
function resultOf(differences: readonly Difference[] | undefined, ms: number): Result {
  const title = 'the machine is as it was before its first setup-vm';
  const check = { id: 'difference-empty', category: 'vm' as const, title, severity: 'error' as const, ms };
  if (!differences) return { ...check, ok: 'skipped', detail: 'the machine has no pre-join snapshot to compare with' };
  const count = differences.length;
  return { ...check, ok: count === 0, detail: count === 0 ? 'the difference is empty' : `${count} differences` };
}

/** Time for a restarted program to listen, or for an interface to get its address, milliseconds. */
const SETTLE_MS = 15_000;
const PAUSE_MS = 500;
/**
 * Areas of a snapshot that change after a start: IPv6 addresses and their routes appear 1 to 2 s after a boot; a
 * hand-made sidecar loads its rules when it starts.
 */
const LATE: readonly string[] = ['listening', 'unit', 'route', 'rules'];

/** Repeats the comparison while only such areas differ. */
async function settledDifferences(
  { host, written: ofJournal, leavesSnapshot: withoutOwn }: Comparing,
  before: Picture,
  signal: AbortSignal,
) {
  const written = [...ofJournal, ...writtenIn(before)];
  const end = performance.now() + SETTLE_MS;
  const isRewritten = (each: Difference): boolean => written.includes(each.name) && isContentOnly(each);
  for (;;) {
    const after = await takePicture(host, signal, { withoutOwn });
    const all = comparePictures(before, after);
    const reason = remadeByBoot(before, after);
    const isRemade = (each: Difference): boolean => reason(each) !== undefined;
    const differences = all.filter((each) => !isRewritten(each) && !isRemade(each));
    const mayCome = differences.length > 0 && differences.every(isLate);
    if (!mayCome || performance.now() > end) {
      const remade = all.flatMap((difference) => {
        const why = reason(difference);
        return why === undefined ? [] : [{ difference, reason: why }];
      });
      return { differences, rewritten: all.filter(isRewritten), remade };
    }
    await delay(PAUSE_MS, undefined, { signal });
  }
}

/** A restarted program may create what is missing. */
function isLate({ area, after }: Difference): boolean {
  return after === undefined || LATE.includes(area);
}
