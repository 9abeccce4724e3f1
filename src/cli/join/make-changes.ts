import { isEmptyClusterPlan } from '../../cluster/plan.ts';
import { applyRegistration } from '../../cluster/register.ts';
import { showRef } from '../../mesh/kube-object.ts';
import type { Problem } from '../../problems.ts';
import { applyBegun, type ApplyOptions } from '../../reconcile/apply.ts';
import { Early } from '../../reconcile/early.ts';
import type { Plan, PlannedStep } from '../../reconcile/plan.ts';
import { startsSidecar } from '../../vm/dead-man.ts';
import type { Reachability } from '../../vm/proofs/reachability.ts';
import type { Draft } from './draft.ts';
import { reachedNow } from './reach.ts';
import { clusterStep, doneStep } from './report.ts';
import { drained } from './restart.ts';
import { vmSecrets } from '../../cluster/vm-secrets.ts';
import type { DeadMan } from './switch.ts';
import { reachQuestion, type Work } from './work.ts';
import { present } from '../../present.ts';

/**
 * Writes to the cluster, then to the VM; what the VM keeps and receives before its first change is on its way meanwhile. Gives
 * who reached which port before; undefined where nothing is to be changed. Throws the first Problem.
 */
export async function changeBoth(
  work: Work,
  draft: Draft,
  { settled, deadMan }: { readonly settled: boolean; readonly deadMan: DeadMan | undefined },
): Promise<readonly Reachability[] | undefined> {
  const options = { ...optionsOf(work, 'before-proof', deadMan), ...present({ picture: work.picture }) };
  await using early = new Early(work.plan, work.host, options);
  const before = settled ? undefined : await reachedNow(reachQuestion(work));
  await drainedWhenAsked(work, async () => {
    await applyCluster(work, draft);
    await applyVm(work, draft, { plan: work.plan, options, early });
  });
  return before;
}

/** What waits for the proofs. Throws the first Problem. */
export async function changeAfterProof(work: Work, draft: Draft, plan: Plan): Promise<void> {
  const options = optionsOf(work, 'after-proof', undefined);
  await using early = new Early(plan, work.host, options);
  await applyVm(work, draft, { plan, options, early });
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
  readonly options: ApplyOptions;
  readonly early: Early;
}

async function applyVm({ vm, host, say, record }: Work, draft: Draft, { plan, options, early }: Part): Promise<void> {
  let problem: Problem | undefined;
  for await (const outcome of applyBegun(plan, host, { ...options, early })) {
    draft.add(doneStep(outcome), say);
    if (outcome.done.length > 0) record?.({ kind: 'step', name: outcome.id, where: vm, ms: outcome.ms });
    problem ??= outcome.problem;
  }
  if (problem) throw problem;
}

function optionsOf(
  { vm, subject, help, again, record }: Work,
  only: 'before-proof' | 'after-proof',
  deadMan: DeadMan | undefined,
): ApplyOptions {
  return {
    sources: vmSecrets(help.kube, subject.workload),
    signal: help.signal,
    only,
    again,
    beforeStep: (step) => beforeStep(step, deadMan),
    waited: (name, ms) => record?.({ kind: 'wait', name, where: vm, ms }),
  };
}

/** What has to come before a step that ends connections. What it throws is the failure of the step. */
async function beforeStep(step: PlannedStep, deadMan: DeadMan | undefined): Promise<void> {
  if (startsSidecar(step)) await deadMan?.arm();
}
