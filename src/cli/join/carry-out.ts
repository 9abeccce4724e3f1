import { clusterPlanLines, isEmptyClusterPlan } from '../../cluster/plan.ts';
import { cliProblems } from '../../problems/cli.ts';
import { isEmpty, type Plan, summaries } from '../../reconcile/plan.ts';
import type { Result } from '../../checks/check.ts';
import { present } from '../../present.ts';
import type { Reachability } from '../../vm/proofs/reachability.ts';
import type { Draft } from './draft.ts';
import { changeAfterProof, changeBoth } from './make-changes.ts';
import { verify } from './proofs.ts';
import { compareReach, shutHere } from './reach.ts';
import { clusterStep, formatCheck, formatStep, plannedSteps } from './report.ts';
import { type DeadMan, holdSwitch } from './switch.ts';
import { planVm } from '../../operations/join/vm-side.ts';
import { reachQuestion, type Work } from './work.ts';

/** Shows what would be done. */
export function showPlan({ registration, plan, say }: Work, draft: Draft): void {
  draft.cluster = clusterPlanLines(registration);
  draft.steps = [clusterStep(registration, 'planned'), ...plannedSteps(plan)];
  draft.status = 'planned';
  for (const step of draft.steps) say(formatStep(step));
}

/**
 * Registers, applies, proves, and only then does what waits for the proof. A restart of the sidecar waits until the VM is
 * drained. Before the sidecar or capture is started the VM's dead-man switch is armed; what goes wrong from then on takes the
 * VM back. Throws the first Problem.
 */
export async function carryOut(work: Work, draft: Draft): Promise<void> {
  draft.again = work.again;
  const settled = isEmptyClusterPlan(work.registration) && isEmpty(work.plan);
  const deadMan = settled ? undefined : await deadManOf(work, draft);
  let plan = work.plan;
  try {
    const before = await changeBoth(work, draft, { settled, deadMan });
    deadMan?.logIn();
    const proving = { deadMan, before, ended: new AbortController() };
    // Two looks at the machine that do not disturb each other. Who finds it unsettled ends the proofs.
    await Promise.all([
      settled ? undefined : refuseUnsettled(work).catch((error: unknown) => endWith(proving.ended, error)),
      proveVm(work, draft, proving),
    ]);
    if (await deadMan?.confirm()) plan = await afterConfirmation(work, draft);
  } catch (error) {
    throw deadMan ? await deadMan.goBack(error, draft.done()) : error;
  }
  await changeAfterProof(work, draft, plan);
  draft.status = settled ? 'unchanged' : 'changed';
}

async function deadManOf({ vm, host, deadMan, again, say, help }: Work, draft: Draft): Promise<DeadMan | undefined> {
  if (!deadMan) return undefined;
  const held = await holdSwitch({ vm, host, words: deadMan, again, say, signal: help.signal });
  draft.notes = [...draft.notes, ...held.found];
  for (const line of held.found) say(`note: ${line}`);
  return held;
}

/** The proof that a plan worked is that the next plan is empty; steps after the proof are not due yet. */
async function refuseUnsettled({ vm, steps, host, help }: Work): Promise<void> {
  const before = steps.filter(({ when }) => when !== 'after-proof');
  const remaining = summaries(await planVm(before, host, help.signal));
  if (remaining.length > 0) throw cliProblems.vmNotSettled({ vm, remaining });
}

/** The confirmation has enabled the units: what it did is reported, and what is left of the steps after the proof is planned. */
async function afterConfirmation({ steps, plan: before, host, help, say }: Work, draft: Draft): Promise<Plan> {
  const after = steps.filter(({ when }) => when === 'after-proof');
  const plan = await planVm(after, host, help.signal);
  const left = summaries(plan);
  for (const { id, title, when, changes } of before.steps) {
    if (when !== 'after-proof') continue;
    const done = changes.map(({ summary }) => summary).filter((summary) => !left.includes(summary));
    if (done.length > 0) draft.add({ id, title, status: 'changed', changes: done }, say);
  }
  return { steps: plan.steps.filter(({ changes }) => changes.length > 0) };
}

interface Proving {
  readonly deadMan: DeadMan | undefined;
  /** Who reached which port before the first change; absent when nothing was changed. */
  readonly before: readonly Reachability[] | undefined;
  /** Aborted when the proofs are not waited for any more. */
  readonly ended: AbortController;
}

function endWith(ended: AbortController, error: unknown): never {
  ended.abort();
  throw error;
}

/** With the dead-man switch armed the first failure ends it: the VM is to go back at once. */
async function proveVm(work: Work, draft: Draft, { deadMan, before, ended }: Proving): Promise<void> {
  const { vm, unproved, say } = work;
  if (unproved) {
    draft.notes = [...draft.notes, ...unproved];
    return;
  }
  const failed: string[] = [];
  for await (const result of results(work, before)) {
    if (ended.signal.aborted) return;
    draft.checks.push(result);
    say(formatCheck(result));
    if (result.ok === false) failed.push(`${result.title}: ${result.detail}${result.hint ? ` ${result.hint}` : ''}`);
    if (failed.length > 0 && deadMan?.armed()) break;
  }
  if (failed.length > 0) throw cliProblems.checkFailed({ vm, failed });
}

function results(work: Work, before: readonly Reachability[] | undefined): AsyncGenerator<Result> {
  const { vm, host, subject, help, record } = work;
  const ended = ({ ok, id, ms }: Result): void => {
    if (ok !== 'skipped') record?.({ kind: 'check', name: id, where: vm, ms });
  };
  const captured = new Set(subject.workload.services.flatMap(({ ports }) => ports.map((port) => port.number)));
  const reach = before && (() => compareReach(reachQuestion(work), before, captured));
  return verify(host, subject, { ...help, shut: shutHere(before ?? []), ended, ...present({ reach }) });
}
