import type { Say } from '../../world.ts';
import type { Host } from '../../host/run/host.ts';
import { imageNotes } from '../../vm/wanted.ts';
import { type Preflight, preflight } from '../../checks/preflight.ts';
import type { Workload } from '../../mesh/workload.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { type Facts, gatherFacts, sameProbes } from '../../reconcile/facts.ts';
import { firstPicture } from '../../reconcile/undo/first-picture.ts';
import { plan } from '../../reconcile/plan.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { VmInput } from '../../vm/input.ts';
import type { Result } from '../../checks/check.ts';
import { judgeSettings } from '../../checks/preflight/settings.ts';
import { readOnce } from '../../cluster/api/read-once.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { carryOut, showPlan } from './carry-out.ts';
import type { Work } from './work.ts';
import { clusterSide } from '../../operations/join/cluster-side.ts';
import { reported, type VmReport } from '../../operations/change/vm-report.ts';
import { placeOf } from './proofs.ts';
import { judgeFindings } from './findings.ts';
import type { Seen } from '../../operations/join/rejoin.ts';
import { judgedSecurity } from './security.ts';
import { seatAt } from '../../vm/reachability/find-seat.ts';
import type { Guard } from '../../operations/change/decision.ts';
import type { Registration } from '../../cluster/registration/registration-request.ts';
import { preflightInput, vmInput, wantedSteps } from '../../operations/join/vm-side.ts';
import { wantedWorkload } from '../../operations/join/workload.ts';
import type { JoinContext } from '../../operations/join/context.ts';
import { present } from '../../present.ts';

/** What a run on one VM is told besides the context. */
export interface JoinRun {
  readonly context: JoinContext;
  readonly vm: string;
  /** Opens the connection to it; `openMachine` when absent. */
  readonly open?: () => Promise<Host>;
  /** Where progress goes, a line or several. */
  readonly say: Say;
  /** The command that goes on after a failure. */
  readonly again: string;
  /** What lock and audit on the VM call this run. */
  readonly command: string;
  /** Changes the wanted steps by what else is known of the machine; pure. */
  readonly revise?: (steps: readonly Step[]) => readonly Step[];
  /** Adds the options of the join before to this run; as it is when absent. */
  readonly remember?: (seen: Seen) => Promise<JoinContext>;
}

/** All that is known before anything is changed. */
export interface Joining extends Work {
  /** What was asked of the cluster. */
  readonly asked: Registration;
}

/**
 * Takes one VM into the mesh: look, plan, apply, prove. Never throws for a failure of this VM: the report has the Problem.
 * `show` gets the plan on a dry run, with everything in it.
 */
export function join(run: JoinRun, show: (joining: Joining) => Promise<void>): Promise<VmReport> {
  const { world, options } = run.context;
  return reported(run.vm, world.signal, async (draft) => {
    await using host = await (run.open?.() ?? openMachine(world, options.machine, run.vm));
    const inspectedAt = performance.now();
    const joining = await look(run, host, world.signal);
    draft.place = placeOf(joining.subject);
    if (options.dryRun) {
      await showPlan(joining, draft);
      return await show(joining);
    }
    const inspect = (signal: AbortSignal): Promise<Joining> => look(run, host, signal);
    return await carryOut(joining, { world, command: run.command, inspectedAt, inspect }, draft);
  });
}

async function look(run: JoinRun, host: Host, signal: AbortSignal): Promise<Joining> {
  const { vm, say, again } = run;
  // For this look only: what is written or waited for after it asks the cluster itself.
  const first = readOnce(run.context.kube);
  const { context, looked } = await lookedWith(run, host, { kube: first, signal });
  const { kube, facts, policies, meshService, client, options } = context;
  const judge = { vm, acceptRisk: options.acceptRisk, say };
  judgeFindings(looked.findings, judge);
  // Only reads: it is taken while the cluster is asked, when nothing else keeps the machine busy.
  const picture = looked.untouched && !options.dryRun ? firstPicture(host, signal) : undefined;
  picture?.catch(() => undefined);
  const { hostname, address } = looked.facts;
  // An image has no host name yet; what it is called on the command line has to do.
  const ambient = meshGeneration(facts.generation).isAmbient(facts);
  const place = {
    generation: facts.generation,
    ambient,
    hostname: hostname || vm,
    namespace: context.namespace,
    signal,
  };
  const once = kube === run.context.kube ? first : readOnce(kube);
  const wanted = await wantedWorkload(once, options.workload, place);
  const stepsOf = (of: Workload): readonly Step[] => {
    const all = wantedSteps(vmInput(context, of, looked), options.only);
    return run.revise?.(all) ?? all;
  };
  // What the machine is asked depends little on what the cluster says: most often the answers are there with those of the cluster.
  const asking = stepsOf(wanted);
  // Behind the picture: side by side each of the two would take as long as both.
  const early = Promise.resolve(picture)
    .catch(() => undefined)
    .then(() => gatherFacts(asking, host, signal));
  early.catch(() => undefined);
  const cluster = await clusterSide({ ...context, kube: once }, wanted, address);
  const workload = cluster.workload ?? wanted;
  const security = judgedSecurity(workload, policies, judge);
  const input = vmInput(context, workload, looked);
  const steps = stepsOf(workload);
  needPackage(run, { context, looked, steps });
  const found = sameProbes(asking, steps) ? await early : await gatherFacts(steps, host, signal);
  judgeFindings(settingFindings(vm, { facts, workload, steps, found }), judge);
  return {
    ...{ vm, host, steps, say, again, asked: cluster.registration, registration: cluster.plan },
    plan: plan(steps, found),
    subject: { cluster: facts, workload, vm: looked.facts, ...present({ meshService }) },
    help: { kube, security, signal, ...present({ client, seat: seatOf(host, looked) }) },
    ...(options.machine.root === undefined && { restart: options.restart, listening: looked.listening }),
    ...present({
      picture,
      unverified: unverified(input, options.only),
      deadMan: guardOf(run),
      record: context.world.record,
    }),
  };
}

/** Units that start a program that is not there would look like success. A dry run may be read before there is a package. */
function needPackage(
  { vm, say }: JoinRun,
  { context, looked, steps }: { context: JoinContext; looked: Preflight; steps: readonly Step[] },
): void {
  if (context.package || looked.missing.length === 0 || !steps.some(({ id }) => id === 'package')) return;
  const problem = packageProblems.needed({ vm, missing: looked.missing });
  if (!context.options.dryRun) throw problem;
  say(`note: ${problem.message.replace(' Nothing was changed.', '')} The run itself needs one: --package FILE|DIR|URL`);
}

/** Looked for while the plan is read; no one connects to an image. */
function seatOf(host: Host, { facts, session }: Preflight): Promise<Seat> | undefined {
  return facts.address === '' ? undefined : seatAt(host, facts.address, session);
}

/** The machine, and the run with the options of the join before it. It is looked at again only where these change the question. */
async function lookedWith(
  run: JoinRun,
  host: Host,
  { kube, signal }: Pick<Seen, 'kube' | 'signal'>,
): Promise<{ readonly context: JoinContext; readonly looked: Preflight }> {
  const looked = await preflight(host, preflightInput(run.context, run.vm), signal);
  const context = (await run.remember?.({ looked, kube, signal })) ?? run.context;
  const isSame = context.facts === run.context.facts && context.options.vmAddress === run.context.options.vmAddress;
  return { context, looked: isSame ? looked : await preflight(host, preflightInput(context, run.vm), signal) };
}

/** What of the settings does not reach the sidecar. A classic VM has the package's own reader. */
function settingFindings(
  vm: string,
  about: Pick<JoinContext, 'facts'> & {
    readonly workload: Workload;
    readonly steps: readonly Step[];
    readonly found: Facts;
  },
): readonly Result[] {
  const { facts, workload, steps, found } = about;
  const refused = meshGeneration(facts.generation).refusedMetadata(facts, workload);
  return refused === undefined ? [] : judgeSettings({ vm, steps, facts: found, refused });
}

/** Nothing runs in an image. */
function guardOf({ context: { world, options }, vm }: JoinRun): Guard | undefined {
  if (options.machine.root !== undefined) return undefined;
  return { within: options.confirmWithin, login: () => openMachine(world, options.machine, vm) };
}

function unverified(input: VmInput, only: readonly string[]): readonly string[] | undefined {
  if (input.image) return imageNotes(input);
  return only.length > 0 ? ['Only some steps were requested, so nothing was verified.'] : undefined;
}
