import { clusterPlanLines, type ClusterPlan, isEmptyClusterPlan } from '../../cluster/plan.ts';
import { applyRegistration } from '../../cluster/register.ts';
import type { Host } from '../../host/host.ts';
import { showRef } from '../../mesh/kube-object.ts';
import type { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { apply } from '../../reconcile/apply.ts';
import { isEmpty, type Plan, summaries } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { Draft } from './draft.ts';
import { type ProofHelp, proofs, type ProofSubject } from './proofs.ts';
import { clusterStep, doneStep, formatProof, formatStep, plannedSteps } from './report.ts';
import { vmSecrets } from './secrets.ts';
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
  /** What the operator is told in place of proofs: an image proves nothing, nor do some steps alone. */
  readonly unproved?: readonly string[];
  /** Where progress goes, a line or several. */
  readonly say: (text: string) => void;
  /** The command that goes on after a failure. */
  readonly again: string;
}

/** Shows what would be done. */
export function showPlan({ registration, plan, say }: Work, draft: Draft): void {
  draft.cluster = clusterPlanLines(registration);
  draft.steps = [clusterStep(registration, 'planned'), ...plannedSteps(plan)];
  draft.status = 'planned';
  for (const step of draft.steps) say(formatStep(step));
}

/** Registers, applies, proves, and only then does what waits for the proof. Throws the first Problem. */
export async function carryOut(work: Work, draft: Draft): Promise<void> {
  const settled = isEmptyClusterPlan(work.registration) && isEmpty(work.plan);
  await applyCluster(work, draft);
  await applyVm(work, draft, 'before-proof');
  if (!settled) await refuseUnsettled(work);
  await proveVm(work, draft);
  await applyVm(work, draft, 'after-proof');
  draft.status = settled ? 'unchanged' : 'changed';
}

async function applyCluster({ registration, help, say }: Work, draft: Draft): Promise<void> {
  for await (const { verb, ref } of applyRegistration(help.kube, registration, help.signal)) {
    draft.cluster = [...draft.cluster, `${verb} ${showRef(ref)}`];
  }
  draft.add(clusterStep(registration, 'changed'), say);
}

async function applyVm(work: Work, draft: Draft, only: 'before-proof' | 'after-proof'): Promise<void> {
  const { host, plan, subject, help, again, say } = work;
  const options = { sources: vmSecrets(help.kube, subject.workload), signal: help.signal, only, again };
  let problem: Problem | undefined;
  for await (const outcome of apply(plan, host, options)) {
    draft.add(doneStep(outcome), say);
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

async function proveVm({ vm, host, subject, help, unproved, say }: Work, draft: Draft): Promise<void> {
  if (unproved) {
    draft.notes = unproved;
    return;
  }
  const failed: string[] = [];
  for await (const proof of proofs(host, subject, help)) {
    draft.proofs.push(proof);
    say(formatProof(proof));
    if (proof.ok === false) failed.push(`${proof.title}: ${proof.detail}${proof.hint ? ` ${proof.hint}` : ''}`);
  }
  if (failed.length > 0) throw cliProblems.proofFailed({ vm, failed });
}
