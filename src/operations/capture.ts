import type { Result } from '../checks/check.ts';
import type { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { vmProblems } from '../problems/vm.ts';
import { readCapture, turningStep } from '../vm/bypass.ts';
import type { CaptureState } from '../vm/capture-state.ts';
import type { World } from '../world.ts';
import type { Decision } from './change/decision.ts';
import type { ChangeEvent } from './change/event.ts';
import { type Calling, type Changed, planOrChange } from './change/plan-or-change.ts';

/** How capture is to be, and how many seconds the VM waits for its confirmation. */
export interface CaptureOptions {
  readonly to: 'off' | 'on';
  readonly confirmWithin: number;
}

/** What became of the change, and how capture is after it. */
export interface CaptureReport extends Changed<Result> {
  readonly state: CaptureState;
}

/** Turns the capture of a VM, as any other change: under its lock, with a line in its audit. Throws what reading its state throws. */
export async function turnCapture(
  world: World,
  calling: Calling<ChangeEvent<Result>>,
  { to, confirmWithin: within }: CaptureOptions,
): Promise<CaptureReport> {
  const { vm, login, observe } = calling;
  await using host = await login();
  const inspectedAt = performance.now();
  // Capture that comes back may take a login away as one that starts: under the dead-man switch.
  const decided = (state: CaptureState): Decision<Result> => ({
    ...{ plan: { steps: isAsWanted(state, to) ? [] : [turningStep(to)] }, journal: false },
    ...(to === 'on' && { guard: { within, login } }),
  });
  const state = await readCapture(host, world.signal);
  const inspect = async (signal: AbortSignal) => decided(await readCapture(host, signal));
  let said = '';
  const heard = (event: ChangeEvent<Result>): void => {
    if (event.kind === 'heard') said = event.text;
    observe(event);
  };
  const found = { host, inspectedAt, decision: decided(state), inspect };
  const report = await planOrChange(world, { ...calling, observe: heard }, found);
  if (report.problem) return { ...report, state, problem: failure(report.problem, { vm, verb: to, said }) };
  return { ...report, state: report.status === 'changed' ? await readCapture(host, world.signal) : state };
}

function isAsWanted({ bypassedSince, captured, boot }: CaptureState, to: CaptureOptions['to']): boolean {
  if (to === 'on') return bypassedSince === undefined;
  return bypassedSince !== undefined && !captured && boot.length === 0;
}

function failure(problem: Problem, { said, ...about }: { vm: string; verb: string; said: string }): Problem {
  if (problem.id !== reconcileProblems.changeFailed.id) return problem;
  return vmProblems.bypassFailed({ ...about, said: said.slice(-2000) }, problem);
}
