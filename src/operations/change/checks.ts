import { cliProblems } from '../../problems/cli.ts';
import { gatherFacts } from '../../reconcile/facts.ts';
import { plan, summaries } from '../../reconcile/plan.ts';
import type { Checks, Verification, Verified } from './decision.ts';
import type { Phase } from './phases.ts';
import { phaseOf, type Run } from './run.ts';

/** Runs two independent inspections in parallel. A failure does not wait for the other one. */
export async function settleAndVerify<Result extends Verified>(
  run: Run<Result>,
  checks: Checks<Result> | undefined,
): Promise<void> {
  const unsettled = new AbortController();
  const settled = settle(run).catch((error: unknown) => {
    unsettled.abort();
    throw error;
  });
  const { verify } = run.about.decision;
  const stopsAtFirst = run.deadMan?.armed ?? false;
  const seeing = { verify, checks, ended: unsettled.signal, after: settled, stopsAtFirst };
  await Promise.all([settled, see(run, phaseOf(run, 'verify'), seeing)]);
}

/** The next plan must be empty, without steps that wait for the checks. */
async function settle<Result extends Verified>(run: Run<Result>): Promise<void> {
  const { vm, host, decision, signal } = run.about;
  await run.record.during(phaseOf(run, 'settle'), async () => {
    const steps = (decision.steps ?? []).filter(({ when }) => when !== 'after-checks');
    const remaining = summaries(plan(steps, await gatherFacts(steps, host, signal)));
    if (remaining.length > 0) throw cliProblems.vmNotSettled({ vm, remaining });
  });
}

interface Seeing<Result extends Verified> {
  readonly verify: Verification<Result> | undefined;
  readonly checks: Checks<Result> | undefined;
  /** Aborted when the results are no longer needed. */
  readonly ended?: AbortSignal;
  /** Its phase is reported first, in the order of the plan, whichever ends first. */
  readonly after?: Promise<void>;
  /** With an armed dead-man switch, stops at the first failure, so that the VM rolls back at once. */
  readonly stopsAtFirst: boolean;
}

/** Runs the checks of one phase and reports each result. Throws the Problem of those that failed. */
export async function see<Result extends Verified>(
  { about, record }: Pick<Run<Result>, 'about' | 'record'>,
  phase: Phase | undefined,
  { verify, checks, ended, after, stopsAtFirst }: Seeing<Result>,
): Promise<void> {
  if (!verify || !checks) return;
  await record.during(phase, async () => {
    const failed: Result[] = [];
    for await (const result of checks(about.signal)) {
      if (ended?.aborted) return;
      record.add({ kind: 'result', result });
      if (result.ok === false) failed.push(result);
      if (failed.length > 0 && stopsAtFirst) break;
    }
    if (failed.length > 0) throw verify.problem(failed);
    await after?.catch(() => undefined);
  });
}
