import { isEmptyClusterPlan, clusterPlanLines } from '../../cluster/plan.ts';
import { applyRegistration } from '../../cluster/register.ts';
import type { Host } from '../../host/host.ts';
import { showRef } from '../../mesh/kube-object.ts';
import type { Workload } from '../../mesh/workload.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { apply } from '../../reconcile/apply.ts';
import { isEmpty, type Plan, summaries } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { preflight, type Preflight } from '../../vm/preflight.ts';
import type { VmInput } from '../../vm/input.ts';
import type { Proof } from '../../vm/proof.ts';
import { imageNotes } from '../../vm/wanted.ts';
import { openMachine } from '../machine.ts';
import { judgeFindings } from './findings.ts';
import { type ClusterSide, clusterSide } from './cluster-side.ts';
import { proofs } from './proofs.ts';
import {
  clusterStep,
  doneStep,
  formatProof,
  formatStep,
  type JoinReport,
  plannedSteps,
  type StepReport,
} from './report.ts';
import { vmSecrets } from './secrets.ts';
import { planVm, preflightInput, vmInput, wantedSteps } from './vm-side.ts';
import { wantedWorkload } from './workload.ts';
import type { JoinWorld } from './world.ts';

/** What a run on one VM is told besides the world. */
export interface JoinRun {
  readonly world: JoinWorld;
  readonly vm: string;
  /** Where progress goes, a line or several. */
  readonly say: (text: string) => void;
  /** The command that goes on after a failure. */
  readonly again: string;
}

/** All that is known before anything is changed. */
export interface Joining {
  readonly host: Host;
  readonly looked: Preflight;
  readonly workload: Workload;
  readonly cluster: ClusterSide;
  readonly input: VmInput;
  readonly steps: readonly Step[];
  readonly plan: Plan;
}

/**
 * Takes one VM into the mesh: look, plan, apply, prove. Never throws for a failure of this VM: the report has the Problem.
 * `show` gets the plan on a dry run, with everything in it.
 */
export async function join(run: JoinRun, show?: (joining: Joining) => Promise<void>): Promise<JoinReport> {
  const started = performance.now();
  const draft = new Draft(run.vm);
  try {
    await using host = await openMachine(run.world.runtime, run.world.words.machine, run.vm);
    const joining = await look(run, host);
    draft.found(joining);
    if (run.world.words.dryRun) await plannedOnly(run, joining, draft, show);
    else await carryOut(run, joining, draft);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    draft.problem = error;
  }
  return draft.report(Math.round(performance.now() - started));
}

async function look(run: JoinRun, host: Host): Promise<Joining> {
  const { world, vm, say } = run;
  const { signal } = world.runtime;
  const looked = await preflight(host, preflightInput(world), signal);
  judgeFindings(looked.findings, { vm, acceptRisk: world.words.acceptRisk, say });
  const { hostname, address } = looked.facts;
  // An image has no host name yet; what it is called on the command line has to do.
  const found = { hostname: hostname || vm, namespace: world.namespace, signal };
  const asked = await wantedWorkload(world.kube, world.words.workload, found);
  const cluster = await clusterSide(world, asked, address);
  const workload = cluster.workload ?? asked;
  const input = vmInput(world, workload, looked);
  const steps = wantedSteps(input, world.words.only);
  return { host, looked, workload, cluster, input, steps, plan: await planVm(steps, host, signal) };
}

async function plannedOnly(
  run: JoinRun,
  joining: Joining,
  draft: Draft,
  show?: (joining: Joining) => Promise<void>,
): Promise<void> {
  draft.cluster = clusterPlanLines(joining.cluster.plan);
  draft.steps = [clusterStep(joining.cluster.plan, 'planned'), ...plannedSteps(joining.plan)];
  draft.status = 'planned';
  for (const step of draft.steps) run.say(formatStep(step));
  await show?.(joining);
}

async function carryOut(run: JoinRun, joining: Joining, draft: Draft): Promise<void> {
  const { cluster, plan } = joining;
  const settled = isEmptyClusterPlan(cluster.plan) && isEmpty(plan);
  await applyCluster(run, cluster, draft);
  await applyVm(run, joining, { draft, only: 'before-proof' });
  if (!settled) await refuseUnsettled(run, joining);
  await proveVm(run, joining, draft);
  await applyVm(run, joining, { draft, only: 'after-proof' });
  draft.status = settled ? 'unchanged' : 'changed';
}

async function applyCluster({ world, say }: JoinRun, { plan }: ClusterSide, draft: Draft): Promise<void> {
  for await (const { verb, ref } of applyRegistration(world.kube, plan, world.runtime.signal)) {
    draft.cluster = [...draft.cluster, `${verb} ${showRef(ref)}`];
  }
  draft.add(clusterStep(plan, 'changed'), say);
}

async function applyVm(
  run: JoinRun,
  { host, plan, workload }: Joining,
  { draft, only }: { readonly draft: Draft; readonly only: 'before-proof' | 'after-proof' },
): Promise<void> {
  const { kube, runtime } = run.world;
  const options = { sources: vmSecrets(kube, workload), signal: runtime.signal, only, again: run.again };
  let problem: Problem | undefined;
  for await (const outcome of apply(plan, host, options)) {
    draft.add(doneStep(outcome), run.say);
    problem ??= outcome.problem;
  }
  if (problem) throw problem;
}

/** The proof that a plan worked is that the next plan is empty; steps after the proof are not due yet. */
async function refuseUnsettled({ world, vm }: JoinRun, { steps, host }: Joining): Promise<void> {
  const before = steps.filter(({ when }) => when !== 'after-proof');
  const remaining = summaries(await planVm(before, host, world.runtime.signal));
  if (remaining.length > 0) throw cliProblems.vmNotSettled({ vm, remaining });
}

async function proveVm(run: JoinRun, joining: Joining, draft: Draft): Promise<void> {
  const { words } = run.world;
  if (joining.input.image || words.only.length > 0) {
    draft.notes = joining.input.image
      ? imageNotes(joining.input)
      : ['Only some steps were asked for: nothing was proved.'];
    return;
  }
  const failed: string[] = [];
  for await (const proof of proofs(run.world, joining)) {
    draft.proofs.push(proof);
    run.say(formatProof(proof));
    if (proof.ok === false) failed.push(`${proof.title}: ${proof.detail}${proof.hint ? ` ${proof.hint}` : ''}`);
  }
  if (failed.length > 0) throw cliProblems.proofFailed({ vm: run.vm, failed });
}

/** The report while it grows. */
class Draft {
  readonly #vm: string;
  status: JoinReport['status'] = 'failed';
  cluster: readonly string[] = [];
  steps: readonly StepReport[] = [];
  notes: readonly string[] = [];
  readonly proofs: Proof[] = [];
  problem: Problem | undefined;
  #where: Pick<JoinReport, 'group' | 'namespace' | 'address'> = {};

  constructor(vm: string) {
    this.#vm = vm;
  }

  found({ workload, looked }: Joining): void {
    this.#where = { group: workload.group, namespace: workload.namespace, address: looked.facts.address };
  }

  add(step: StepReport, say: (text: string) => void): void {
    this.steps = [...this.steps, step];
    say(formatStep(step));
  }

  report(ms: number): JoinReport {
    const { status, cluster, steps, proofs, notes, problem } = this;
    const end = problem ? { status: 'failed' as const, problem } : { status };
    return { vm: this.#vm, ...this.#where, cluster, steps, proofs, notes, ms, ...end };
  }
}
