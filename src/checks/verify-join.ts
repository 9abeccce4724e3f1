import type { Host } from '../host/run/host.ts';
import type { Result } from './check.ts';
import { joinChecks } from './join/generation.ts';
import type { JoinQuestion } from './join/question.ts';
import { reachChecks } from './join/reachability.ts';
import { registrationGroup } from './join/registration-checks.ts';
import { inwardGroups, outwardGroup } from './join/traffic-checks.ts';
import { type VmQuestions, vmQuestions } from './join/vm-questions.ts';
import { type CheckGroup, group, LIMIT_MS, runChecks, type Running, timed } from './run.ts';

/**
 * Verifies what setup-vm and up promise, side by side where checks do not disturb each other, and gives the results in the order
 * of the list. Each check waits for its condition with a limit. Throws what `Host.run` throws.
 */
export async function* verifyJoin(host: Host, question: JoinQuestion, running: Running): AsyncGenerator<Result> {
  const { limitMs = LIMIT_MS, signal } = running;
  yield* runChecks(phasesOf(question, vmQuestions(host, { limitMs, signal })), running);
}

/** The machine is checked first where traffic may not be tried at the same time. */
function phasesOf(question: JoinQuestion, vm: VmQuestions): readonly (readonly CheckGroup[])[] {
  const { cluster, workload, reach } = question;
  const traffic = [registrationGroup(question), outwardGroup(question, vm), ...inwardGroups(question, vm)];
  const last = group(reachChecks, reach ? { reach: () => timed(reach) } : {});
  const checks = joinChecks(cluster.generation);
  const machine = checks.machine(cluster, workload, vm);
  return checks.atOnce ? [[machine, ...traffic], [last]] : [[machine], traffic, [last]];
}
