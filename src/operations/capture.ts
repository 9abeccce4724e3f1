import type { Result } from '../checks/check.ts';
import type { Problem } from '../problems.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { vmProblems } from '../problems/vm.ts';
import type { PlannedStep } from '../reconcile/plan.ts';
import { loadingStep, readCapture, turningStep } from '../vm/bypass.ts';
import type { CaptureState } from '../vm/capture-state.ts';
import type { World } from '../world.ts';
import type { Decision } from './change/decision.ts';
import type { ChangeEvent } from './change/event.ts';
import { type Calling, type Changed, planOrChange } from './change/plan-or-change.ts';

/** The wanted capture, and how many seconds the VM waits for the confirmation. */
export interface CaptureOptions {
  readonly to: 'off' | 'on';
  readonly confirmWithin: number;
}

/** The result of the change, and the state of capture after it. */
export interface CaptureReport extends Changed<Result> {
  readonly state: CaptureState;
}

/** Turns capture on a VM on or off, or loads rules that another program removed, as a guarded change. Throws Problems of reading its state. */
export async function turnCapture(
  world: World,
  calling: Calling<ChangeEvent<Result>>,
  { to, confirmWithin: within }: CaptureOptions,
): Promise<CaptureReport> {
  const { vm, login, observe } = calling;
  await using host = await login();
  const inspectedAt = performance.now();
  // Turning capture on may lock the operator out, so it needs the dead-man switch.
  const decided = (state: CaptureState): Decision<Result> => ({
    ...{ plan: { steps: stepsTo(to, state) }, journal: false },
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

function stepsTo(to: CaptureOptions['to'], state: CaptureState): readonly PlannedStep[] {
  const { bypassedSince, captured, boot, missing, gaveWay } = state;
  if (to === 'off') return bypassedSince !== undefined && !captured && boot.length === 0 ? [] : [turningStep('off')];
  if (bypassedSince !== undefined) return [turningStep('on')];
  return missing !== undefined || gaveWay ? [loadingStep()] : [];
}

function failure(problem: Problem, { said, ...about }: { vm: string; verb: string; said: string }): Problem {
  if (problem.id !== reconcileProblems.changeFailed.id) return problem;
  return vmProblems.bypassFailed({ ...about, said: said.slice(-2000) }, problem);
}
