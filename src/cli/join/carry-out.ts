import { clusterPlanLines, type ClusterPlan, isEmptyClusterPlan } from '../../cluster/plan.ts';
import { applyRegistration } from '../../cluster/register.ts';
import type { Host } from '../../host/host.ts';
import { showRef } from '../../mesh/kube-object.ts';
import type { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Runtime } from '../../runtime.ts';
import { apply } from '../../reconcile/apply.ts';
import { isEmpty, type Plan, type PlannedStep, summaries } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { startsSidecar } from '../../vm/dead-man.ts';
import type { Proof } from '../../vm/proof.ts';
import type { Reachability } from '../../vm/proofs/reachability.ts';
import type { Draft } from './draft.ts';
import { type ProofHelp, proofs, type ProofSubject } from './proofs.ts';
import { reachedNow, reachProof, type ReachQuestion } from './reach.ts';
import { clusterStep, doneStep, formatProof, formatStep, plannedSteps } from './report.ts';
import { drained, type RestartWords } from './restart.ts';
import { vmSecrets } from './secrets.ts';
import { type DeadMan, holdSwitch, type SwitchWords } from './switch.ts';
import { planVm } from './vm-side.ts';

/** Everything that is to be done for one VM and its proofs, decided and not yet begun. */
export interface Work {
  readonly vm: string;
  readonly host: Host;
  readonly registration: ClusterPlan;
  readonly steps: readonly Step[];
  readonly plan: Plan;
  readonly subject: ProofSubject;
  readonly help: ProofHelp;
  /** The VM's dead-man switch; absent for an image, where nothing runs. */
  readonly deadMan?: SwitchWords;
  /** What was said about the end of open connections; absent for an image. */
  readonly restart?: RestartWords;
  /** Ports that listen on the VM, to be compared before and after; absent for an image. */
  readonly listening?: readonly number[];
  /** What the operator is told in place of proofs: an image proves nothing, nor do some steps alone. */
  readonly unproved?: readonly string[];
  /** Where progress goes, a line or several. */
  readonly say: (text: string) => void;
  /** The command that goes on after a failure. */
  readonly again: string;
  /** Hears how long steps, proofs and waits took; absent without --timings. */
  readonly record?: Runtime['record'];
}

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
  const before = settled ? [] : await reachedNow(reachQuestion(work));
  try {
    await drainedWhenAsked(work, async () => {
      await applyCluster(work, draft);
      await applyVm(work, draft, { plan, only: 'before-proof', deadMan });
    });
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
  await applyVm(work, draft, { plan, only: 'after-proof', deadMan: undefined });
  draft.status = settled ? 'unchanged' : 'changed';
}

async function deadManOf({ vm, host, deadMan, again, say, help }: Work, draft: Draft): Promise<DeadMan | undefined> {
  if (!deadMan) return undefined;
  const held = await holdSwitch({ vm, host, words: deadMan, again, say, signal: help.signal });
  draft.notes = [...draft.notes, ...held.found];
  for (const line of held.found) say(`note: ${line}`);
  return held;
}

/** An image has no connections. */
async function drainedWhenAsked(work: Work, body: () => Promise<void>): Promise<void> {
  const { host, plan, subject, help, restart, say, again } = work;
  if (!restart) return await body();
  const { kube, signal } = help;
  const { addresses } = subject.vm;
  const { generation } = subject.cluster;
  const { namespace, group } = subject.workload;
  const registry = { kube, vm: { generation, namespace, group, addresses } };
  await drained({ host, plan, addresses, registry, words: restart, say, again, signal }, body);
}

function reachQuestion({ subject, listening = [], help: { client, signal } }: Work): ReachQuestion {
  return { address: subject.vm.address, ports: listening, signal, ...(client && { client }) };
}

/** What has to come before a step that ends connections. What it throws is the failure of the step. */
async function beforeStep(step: PlannedStep, deadMan: DeadMan | undefined): Promise<void> {
  if (startsSidecar(step)) await deadMan?.arm();
}

async function applyCluster({ vm, registration, help, say, record }: Work, draft: Draft): Promise<void> {
  const started = performance.now();
  for await (const { verb, ref } of applyRegistration(help.kube, registration, help.signal)) {
    draft.cluster = [...draft.cluster, `${verb} ${showRef(ref)}`];
  }
  draft.add(clusterStep(registration, 'changed'), say);
  if (!isEmptyClusterPlan(registration))
    record?.({ kind: 'step', name: 'registration', where: vm, ms: performance.now() - started });
}

interface Part {
  readonly plan: Plan;
  readonly only: 'before-proof' | 'after-proof';
  readonly deadMan: DeadMan | undefined;
}

async function applyVm(work: Work, draft: Draft, { plan, only, deadMan }: Part): Promise<void> {
  const { vm, host, subject, help, again, say, record } = work;
  const options = {
    sources: vmSecrets(help.kube, subject.workload),
    signal: help.signal,
    only,
    again,
    beforeStep: (step: PlannedStep) => beforeStep(step, deadMan),
    waited: (name: string, ms: number) => record?.({ kind: 'wait', name, where: vm, ms }),
  };
  let problem: Problem | undefined;
  for await (const outcome of apply(plan, host, options)) {
    draft.add(doneStep(outcome), say);
    if (outcome.done.length > 0) record?.({ kind: 'step', name: outcome.id, where: vm, ms: outcome.ms });
    problem ??= outcome.problem;
  }
  if (problem) throw problem;
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
  /** Who reached which port before the first change; nothing when nothing was changed. */
  readonly before: readonly Reachability[];
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
  for await (const proof of allProofs(work, before)) {
    if (ended.signal.aborted) return;
    draft.proofs.push(proof);
    say(formatProof(proof));
    if (proof.ok === false) failed.push(`${proof.title}: ${proof.detail}${proof.hint ? ` ${proof.hint}` : ''}`);
    if (failed.length > 0 && deadMan?.armed()) break;
  }
  if (failed.length > 0) throw cliProblems.proofFailed({ vm, failed });
}

async function* allProofs(work: Work, before: readonly Reachability[]): AsyncGenerator<Proof> {
  const { vm, host, subject, help, record } = work;
  const tell = ({ ok, id, ms }: Proof): void => {
    if (ok !== 'skipped') record?.({ kind: 'proof', name: id, where: vm, ms });
  };
  yield* proofs(host, subject, { ...help, tell });
  if (before.length === 0) return;
  const captured = new Set(subject.workload.services.flatMap(({ ports }) => ports.map((port) => port.number)));
  const reached = await reachProof(reachQuestion(work), before, captured);
  tell(reached);
  yield reached;
}
