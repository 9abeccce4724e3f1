import type { Host } from '../host/run/host.ts';
import type { Result } from './check.ts';
import { joinChecks } from './join/generation.ts';
import type { JoinQuestion } from './join/question.ts';
import { reachGroup } from './join/reachability.ts';
import { registrationGroup } from './join/registration-checks.ts';
import { inwardGroups, outwardGroup } from './join/traffic-checks.ts';
import { vmQuestions } from './join/vm-questions.ts';
import { LIMIT_MS, runChecks, type Running } from './run.ts';
import { withVmInHint } from './vm-in-hints.ts';

/**
 * Verifies what setup-vm and up promise, in parallel where checks do not disturb each other, and yields the results in the order
 * of the list. Each check waits for its condition up to a limit. Throws what `Host.run` throws.
 */
export async function* verifyJoin(host: Host, question: JoinQuestion, running: Running): AsyncGenerator<Result> {
  const { limitMs = LIMIT_MS, signal } = running;
  const { cluster, workload, reach } = question;
  const vm = vmQuestions(host, { limitMs, signal });
  const { machine, atOnce } = joinChecks(cluster.generation);
  const checks = machine(cluster, workload, vm);
  const traffic = [registrationGroup(question), outwardGroup(question, vm), ...inwardGroups(question, vm)];
  const last = reach ? [reachGroup(reach)] : [];
  const phases = atOnce ? [[...checks, ...traffic], last] : [checks, traffic, last];
  for await (const result of runChecks(phases, running)) yield withVmInHint(result, question.name);
}
