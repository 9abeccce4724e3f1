import { preflight as inspectMachine, type Preflight } from '../../checks/preflight.ts';
import { judgeProbe } from '../../checks/preflight/readiness-probe.ts';
import { judgeSettings } from '../../checks/preflight/settings.ts';
import { isEmptyClusterPlan } from '../../cluster/api/plan.ts';
import { readOnce } from '../../cluster/api/read-once.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Host } from '../../host/run/host.ts';
import { withAgent, withoutAgent } from '../../mesh/current/agent-probe.ts';
import { withStrictPorts } from '../../mesh/current/strict-ports.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { Workload } from '../../mesh/workload.ts';
import { present } from '../../present.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { type Facts, gatherFacts, sameProbes } from '../../reconcile/facts.ts';
import { plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import { firstPicture } from '../../reconcile/undo/first-picture.ts';
import { seatAt } from '../../vm/reachability/find-seat.ts';
import { notVerified } from '../../vm/wanted.ts';
import { type AgentDecision, decideAgent } from './agent/decision.ts';
import type { JoinContext } from './context.ts';
import { joinDecision } from './decision.ts';
import { withPackage } from './found-package.ts';
import type { OnlyServices } from './options.ts';
import { withEarlierJoin } from './earlier-join.ts';
import { judgedSecurity, type Judging, refuseFindings } from './risks.ts';
import { askedStrictPorts, refuseOtherStrictPorts } from './strict-ports.ts';
import type { JoinPlan, JoinRun, FirstInspection } from './run.ts';
import { preflightInput, vmInput, wantedSteps } from './vm-side.ts';
import { wantedWorkload, withoutInstalled } from './workload.ts';

/** A machine, and the run with the options of its earlier join. */
interface Inspected {
  readonly context: JoinContext;
  readonly preflight: Preflight;
}

/** Decides on the join of one VM. Only reads. Throws the Problems that refuse it. */
export async function inspectJoin(run: JoinRun, host: Host, signal: AbortSignal): Promise<JoinPlan> {
  const { vm, observe, revise = (steps) => steps } = run;
  // For this inspection only. Writes and waits use the cluster itself.
  const first = readOnce(run.context.kube);
  const seen = await inspectVm(run, host, { kube: first, signal });
  const { preflight } = seen;
  const judging = { vm, acceptRisk: seen.context.options.acceptRisk, observe };
  refuseFindings(preflight.findings, judging);
  const context = await withPackage(run, seen);
  const { options, facts, policies, meshService } = context;
  // Taken while the cluster is read, when the machine is idle. Only reads.
  const picture = preflight.untouched && !options.dryRun ? pictureOf(host, signal) : undefined;
  const once = context.kube === run.context.kube ? first : readOnce(context.kube);
  const registered = await workloadOf({ ...context, kube: once }, { vm, ...preflight.facts }, signal);
  const agent = await decideAgent({ vm, observe, context, preflight, workload: registered, kube: once, signal });
  if (isWithoutRights(agent)) observe({ kind: 'agent-without-rights' });
  const wanted = ofAgent(registered, agent, options.workload.only);
  const machine = { ...preflight, agent };
  const input = (of: Workload) => vmInput(context, of, machine);
  const stepsOf = (of: Workload): readonly Step[] => revise(wantedSteps(input(of), options.only));
  const factsOf = askedEarly(stepsOf(wanted), { host, after: picture, signal });
  const { registration, writes, workload } = await registeredSide(run, { ...context, kube: once }, wanted, machine);
  for (const text of writes.notes ?? []) observe({ kind: 'note', text });
  judgeProbeOf(workload, seen, judging);
  const security = judgedSecurity(workload, policies, { ...judging, isNew: !isEmptyClusterPlan(writes) });
  refuseOtherStrictPorts(options.workload.strictPorts ?? [], { workload, security });
  const steps = stepsOf(workload);
  needPackage(run, { preflight, context }, steps);
  const found = await factsOf(steps);
  const refused = meshGeneration(facts.generation).refusedMetadata(facts, workload);
  if (refused) refuseFindings(judgeSettings({ vm, steps, facts: found, refused }), judging);
  const subject = { cluster: facts, workload, vm: preflight.facts, ...present({ meshService }) };
  const unverified = notVerified(input(workload), options.only);
  const verifying = unverified ? undefined : { vm, host, security, ...witnesses({ preflight, context }, host) };
  const decision = joinDecision({
    ...{ subject, world: context.world, kube: context.kube, writes, steps, plan: plan(steps, found) },
    ...present({ live: liveOf(run), picture, verifying }),
  });
  return { subject, registration, decision, ...present({ unverified }) };
}

/**
 * The machine, and the run with the options of its earlier join. Inspected again only if those options change the
 * questions.
 */
async function inspectVm(
  run: JoinRun,
  host: Host,
  { kube, signal }: Pick<FirstInspection, 'kube' | 'signal'>,
): Promise<Inspected> {
  const before = run.context;
  const preflight = await inspectMachine(host, preflightInput(before, run.vm), signal);
  const context = run.repeats ? await withEarlierJoin(run, { preflight, kube, signal }) : before;
  const isSame = context.facts === before.facts && context.options.vmAddress === before.options.vmAddress;
  return {
    context,
    preflight: isSame ? preflight : await inspectMachine(host, preflightInput(context, run.vm), signal),
  };
}

/** A rejection is handled by who awaits it. */
function pictureOf(host: Host, signal: AbortSignal): ReturnType<typeof firstPicture> {
  const picture = firstPicture(host, signal);
  picture.catch(() => undefined);
  return picture;
}

function isWithoutRights(agent: AgentDecision | 'stopped' | undefined): boolean {
  return agent !== undefined && agent !== 'stopped' && !agent.access;
}

/** The sidecar of a VM with an agent asks the agent. */
function ofAgent(
  workload: Workload,
  agent: AgentDecision | 'stopped' | undefined,
  only: OnlyServices | undefined,
): Workload {
  if (agent === undefined && (workload.agent === undefined || workload.foreignGroup)) return workload;
  if (agent === undefined || agent === 'stopped') return withoutAgent(workload);
  const all = withAgent(workload, Math.max(agent.generation, workload.agent ?? 0));
  return withoutInstalled(all, Object.keys(agent.installed.services), only);
}

/** An image has no host name yet, so its name is that of the command line. */
function workloadOf(
  { kube, facts, namespace, options }: JoinContext,
  { vm, address, hostname: own }: Pick<Preflight['facts'], 'hostname' | 'address'> & { readonly vm: string },
  signal: AbortSignal,
) {
  const hostname = own || vm;
  const { generation } = facts;
  const ambient = meshGeneration(generation).isAmbient(facts);
  return wantedWorkload(kube, options.workload, { generation, ambient, hostname, address, namespace, signal });
}

interface Asking {
  readonly host: Host;
  /** In parallel each would take as long as both. */
  readonly after: Promise<unknown> | undefined;
  readonly signal: AbortSignal;
}

/** The questions to the machine rarely depend on the cluster, so both are usually answered in parallel. */
function askedEarly(steps: readonly Step[], { host, after, signal }: Asking): (due: readonly Step[]) => Promise<Facts> {
  const early = Promise.resolve(after)
    .catch(() => undefined)
    .then(() => gatherFacts(steps, host, signal));
  early.catch(() => undefined);
  return (due) => (sameProbes(steps, due) ? early : gatherFacts(due, host, signal));
}

/** The side of the cluster, with mutual TLS on the ports for which someone who was asked wants it. */
async function registeredSide(
  run: JoinRun,
  context: JoinContext,
  wanted: Workload,
  machine: Parameters<typeof clusterSide>[2],
): ReturnType<typeof clusterSide> {
  const side = await clusterSide(context, wanted, machine);
  const ports = await askedStrictPorts(side.workload, context.policies, { ...run, options: context.options });
  return ports.length === 0 ? side : clusterSide(context, withStrictPorts(wanted, ports), machine);
}

/** The registration of this VM, and its missing writes. A classic VM without services needs none. */
async function clusterSide(
  { kube, facts, options, world }: JoinContext,
  wanted: Workload,
  { facts: vm, agent }: Pick<Preflight, 'facts'> & { readonly agent: AgentDecision | 'stopped' | undefined },
) {
  const access = agent === 'stopped' ? undefined : agent?.access;
  const granted = present({ agentEntries: access?.entries, agentPolicy: access?.policy });
  const about = { address: vm.address, create: options.create, ...granted };
  const generation = clusterGeneration(facts.generation);
  const registration = generation.joinRequest(facts, wanted, about);
  const { plan: writes, workload = wanted } = await generation.planRegistration(kube, registration, world.signal);
  return { registration, writes, workload };
}

/** Units without their programs would look like success. A dry run needs no package yet. */
function needPackage({ vm, observe }: JoinRun, { context, preflight }: Inspected, steps: readonly Step[]): void {
  const { missing } = preflight;
  if (context.package || context.findPackage || missing.length === 0 || !steps.some(({ id }) => id === 'package'))
    return;
  const problem = packageProblems.needed({ vm, missing });
  if (!context.options.dryRun) throw problem;
  observe({ kind: 'package-needed', problem });
}

/** The sources of the verification. The seat is determined while the plan is read; an image has none. */
function witnesses({ context: { client, world, options }, preflight }: Inspected, host: Host) {
  const { facts, session, listening } = preflight;
  const seat = facts.address === '' ? undefined : seatAt(host, facts.address, session);
  const isImage = options.machine.root !== undefined;
  return present({ client, seat, record: world.record, listening: isImage ? undefined : listening });
}

/** An image has no sockets and no addresses. Refuses a probe that cannot tell whether the service runs. */
function judgeProbeOf(workload: Workload, { context, preflight }: Inspected, judging: Judging): void {
  const { addresses, translated } = preflight.facts;
  const own = translated ? addresses.slice(1) : addresses;
  if (meshGeneration(context.facts.generation).hasGroups)
    refuseFindings(
      judgeProbe(workload, { addresses: own, listeners: preflight.listeners, ...present({ translated }) }),
      judging,
    );
  else if (workload.probe)
    judging.observe({ kind: 'note', text: 'The readiness probe has no effect: a classic mesh has none.' });
}

/** Nothing runs in an image. */
function liveOf({ context: { options }, login }: JoinRun) {
  const { machine, restart, confirmWithin } = options;
  if (machine.root !== undefined) return undefined;
  return { restart, guard: { within: confirmWithin, login } };
}
