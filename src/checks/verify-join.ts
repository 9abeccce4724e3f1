import type { Host } from '../host/host.ts';
import type { Result } from './check.ts';
import { classicGroup, currentGroup } from './join/machine-checks.ts';
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

/**
 * In a current mesh all at once: capture runs only with a sidecar that is ready, and traffic counts only where Envoy's own
 * counters saw it. A classic sidecar loads its rules some time after its start, and traffic that is tried before would pass beside
 * it: there the machine is checked first.
 */
function phasesOf(question: JoinQuestion, vm: VmQuestions): readonly (readonly CheckGroup[])[] {
  const { cluster, workload, reach } = question;
  const traffic = [registrationGroup(question), outwardGroup(question, vm), ...inwardGroups(question, vm)];
  const last = group(reachChecks, reach ? { reach: () => timed(reach) } : {});
  if (cluster.generation === 'current') return [[currentGroup(cluster, workload, vm), ...traffic], [last]];
  return [[classicGroup(cluster, workload, vm)], traffic, [last]];
}
