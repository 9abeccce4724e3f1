import type { Say } from '../../world.ts';
import type { Kubernetes } from '../../cluster/kubernetes.ts';
import { type ClusterPlan, isEmptyClusterPlan } from '../../cluster/plan.ts';
import { applyRegistration } from '../../cluster/register.ts';
import type { Host } from '../../host/host.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { Problem } from '../../problems.ts';
import { apply } from '../../reconcile/apply.ts';
import { summaries } from '../../reconcile/plan.ts';
import { readKeptPicture } from '../../reconcile/undo/picture.ts';
import { endSidecar, total } from '../../vm/drain.ts';
import type { Membership } from '../../vm/membership.ts';
import { changing } from '../changing.ts';
import { type Draft, reported } from '../join/draft.ts';
import { leaveRotation } from '../join/leave-rotation.ts';
import { clusterStep, doneStep, formatStep, type JoinReport, plannedSteps } from '../join/report.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import type { Confirm } from './confirm.ts';
import { isNothing, type Leave, look } from './look.ts';
import { verify } from './verify.ts';
import { type DownContext, VM_ALONE } from './context.ts';

/** One VM that is to leave. */
export interface DownRun {
  readonly context: DownContext;
  readonly vm: string;
  readonly say: Say;
  /** The command that goes on after a failure. */
  readonly again: string;
  /** What lock and audit on the VM call this run. */
  readonly command: string;
  readonly confirm: Confirm;
}

/** A VM after its turn. */
export interface Left {
  readonly run: DownRun;
  readonly report: JoinReport;
  /** Absent when it has not left; a difference that is found afterwards does not change that. */
  readonly leave?: Leave;
}

/**
 * Takes one VM out of the mesh: look, ask, drain, deregister, undo, compare. Never throws for a failure of this VM: the
 * report has the Problem.
 */
export async function leaveMesh(run: DownRun): Promise<Left> {
  const { vm, say } = run;
  const { words, world } = run.context;
  const { signal } = world;
  let left: Leave | undefined;
  const report = await reported(vm, signal, async (draft) => {
    await using host = await machine(run);
    const lookedAt = performance.now();
    const leave = await lookOrSay(run, host);
    tellPlace(leave, draft);
    const compare = words.verify && !words.dryRun;
    // The last step of the undo takes the picture away with the journal.
    const before = compare && host ? await readKeptPicture(host, signal) : undefined;
    if (words.dryRun) showPlan(leave, run, draft);
    else await carryOut(run, { host, leave, lookedAt }, draft);
    left = leave;
    if (compare && host) await verify({ vm, host, before, written: leave.written, say, signal }, draft);
  });
  return { run, report, ...(left && { leave: left }) };
}

async function machine({ context: { world, words }, vm, say }: DownRun): Promise<Host | undefined> {
  if (words.only === 'cluster') return undefined;
  try {
    return await openMachine(world, words.machine, vm);
  } catch (error) {
    if (error instanceof Problem && words.only === undefined)
      say(`note: when ${vm} is gone for good, its cluster is cleaned with: meshx down ${vm} --cluster-only`);
    throw error;
  }
}

async function lookOrSay({ context, vm, say }: DownRun, host: Host | undefined): Promise<Leave> {
  try {
    return await look(context, vm, host, context.world.signal);
  } catch (error) {
    if (error instanceof Problem && /^cluster-|^istio-not/.test(error.id) && context.words.only === undefined)
      say(VM_ALONE);
    throw error;
  }
}

function tellPlace({ registry, membership, notes }: Leave, draft: Draft): void {
  const { namespace, group, generation } = registry?.vm ?? membership ?? {};
  draft.at({
    ...(namespace !== undefined && { namespace }),
    ...(group !== undefined && generation === 'current' && { group }),
  });
  draft.notes = notes;
}

function showPlan({ departure, plan, also }: Leave, { say }: DownRun, draft: Draft): void {
  draft.cluster = also;
  draft.steps = [clusterStep(departure, 'planned'), ...plannedSteps(plan)];
  draft.status = 'planned';
  for (const step of draft.steps) say(formatStep(step));
}

interface Looked {
  readonly host: Host | undefined;
  readonly leave: Leave;
  readonly lookedAt: number;
}

async function carryOut(run: DownRun, { host, leave, lookedAt }: Looked, draft: Draft): Promise<void> {
  const { context, vm, again } = run;
  const { world, words } = context;
  draft.status = 'unchanged';
  if (!isNothing(leave)) {
    await askFirst(run, leave);
    draft.again = again;
    if (host === undefined) await takeOut(run, { host, leave, signal: world.signal }, draft);
    else {
      const anew = (held: AbortSignal) => look(context, vm, host, held);
      const about = { ...run, world, lookedAt, look: anew, done: () => draft.done().length };
      await changing(host, about, leave, (due, held) => takeOut(run, { host, leave: due, signal: held }, draft));
    }
    draft.status = 'changed';
    draft.notes = [...draft.notes, ...otherSide(leave, words.only)];
  }
}

/** The plan is shown before the question, and not where nobody is asked: it is told as it is carried out. */
async function askFirst(
  { context, vm, say, confirm }: DownRun,
  { departure, plan, also, notes }: Leave,
): Promise<void> {
  const { words } = context;
  if (!words.yes) {
    for (const step of [clusterStep(departure, 'planned'), ...plannedSteps(plan)]) say(formatStep(step));
    for (const line of notes) say(`note: ${line}`);
    if (plan.steps.some(({ id }) => id === 'journal'))
      say(`note: the audit of ${vm} goes too; it is kept by: meshx audit ${vm} --export`);
  }
  await confirm(vm, { cluster: also, onVm: summaries(plan).length });
}

interface TakingOut {
  readonly host: Host | undefined;
  readonly leave: Leave;
  readonly signal: AbortSignal;
}

/** Clients first, then the cluster, then the machine: what dies in between is found by the same command. */
async function takeOut(
  { context, say, again }: DownRun,
  { host, leave, signal }: TakingOut,
  draft: Draft,
): Promise<void> {
  const { registry, membership, departure, plan } = leave;
  const limitMs = context.words.drainTimeoutMs;
  const left =
    host && membership?.running
      ? await leaveRotation({ host, addresses: membership.addresses, registry, limitMs, say, signal })
      : undefined;
  if (left) draft.add(left.step, say);
  if (registry) await writeDeparture(registry.kube, departure, { draft, say, signal });
  if (!host) return;
  if (left && total(left.left) === 0 && membership?.generation === 'current') await endSidecar(host, signal);
  let problem: Problem | undefined;
  for await (const outcome of apply(plan, host, { sources: { secret: noSecret }, signal, again, journal: false })) {
    draft.add(doneStep(outcome), say);
    problem ??= outcome.problem;
  }
  if (problem) throw problem;
}

/** Carries out the cluster's side and reports each write as it is done. */
export async function writeDeparture(
  kube: Kubernetes,
  plan: ClusterPlan,
  { draft, say, signal }: { readonly draft: Draft; readonly say: DownRun['say']; readonly signal: AbortSignal },
): Promise<void> {
  for await (const { verb, ref } of applyRegistration(kube, plan, signal))
    draft.cluster = [...draft.cluster, `${verb} ${showRef(ref)}`];
  draft.add(clusterStep(plan, 'changed'), say);
}

function noSecret(name: string): Promise<string> {
  return Promise.reject(new TypeError(`an undo delivers no secret, and ${name} was asked for`));
}

/** What is not done yet, and the command that does it. */
function otherSide({ vm, membership, departure }: Leave, only: 'vm' | 'cluster' | undefined): readonly string[] {
  if (only === 'vm') {
    return [`Its cluster still has what was made for it: meshx down ${vm} --cluster-only${place(membership)}`];
  }
  const left = only === 'cluster' && !isEmptyClusterPlan(departure);
  return left ? [`The machine, should it come back, is undone with: meshx down ${vm} --vm-only`] : [];
}

/** In options, what nobody can ask the machine for any more. */
function place(membership: Membership | undefined): string {
  const { namespace, group, addresses = [] } = membership ?? {};
  const options = [
    ...(namespace === undefined ? [] : [`-n ${namespace}`]),
    ...(group === undefined ? [] : [`--workload-group ${group}`]),
    ...(addresses.length === 1 ? [`--vm-address ${addresses.join()}`] : []),
  ];
  return options.map((option) => ` ${option}`).join('');
}
