import type { Host } from '../../host/host.ts';
import { imageNotes } from '../../vm/wanted.ts';
import { preflight } from '../../vm/preflight.ts';
import type { VmInput } from '../../vm/input.ts';
import { openMachine } from '../machine.ts';
import { present } from '../workload-input.ts';
import { carryOut, showPlan, type Work } from './carry-out.ts';
import { clusterSide } from './cluster-side.ts';
import { reported } from './draft.ts';
import { judgeFindings } from './findings.ts';
import type { JoinReport } from './report.ts';
import { judgedSecurity } from './security.ts';
import type { Registration } from '../registration.ts';
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
export interface Joining extends Work {
  /** What was asked of the cluster. */
  readonly asked: Registration;
}

/**
 * Takes one VM into the mesh: look, plan, apply, prove. Never throws for a failure of this VM: the report has the Problem.
 * `show` gets the plan on a dry run, with everything in it.
 */
export function join(run: JoinRun, show: (joining: Joining) => Promise<void>): Promise<JoinReport> {
  const { runtime, words } = run.world;
  return reported(run.vm, runtime.signal, async (draft) => {
    await using host = await openMachine(runtime, words.machine, run.vm);
    const joining = await look(run, host);
    draft.about(joining.subject);
    if (!words.dryRun) return await carryOut(joining, draft);
    showPlan(joining, draft);
    return await show(joining);
  });
}

async function look(run: JoinRun, host: Host): Promise<Joining> {
  const { world, vm, say, again } = run;
  const { kube, facts, policies, meshService, client, words } = world;
  const { signal } = world.runtime;
  const looked = await preflight(host, preflightInput(world), signal);
  const judge = { vm, acceptRisk: words.acceptRisk, say };
  judgeFindings(looked.findings, judge);
  const { hostname, address } = looked.facts;
  // An image has no host name yet; what it is called on the command line has to do.
  const found = { generation: facts.generation, hostname: hostname || vm, namespace: world.namespace, signal };
  const wanted = await wantedWorkload(kube, words.workload, found);
  const cluster = await clusterSide(world, wanted, address);
  const workload = cluster.workload ?? wanted;
  const security = judgedSecurity(workload, policies, judge);
  const input = vmInput(world, workload, looked);
  const steps = wantedSteps(input, words.only);
  return {
    ...{ vm, host, steps, say, again, asked: cluster.registration, registration: cluster.plan },
    plan: await planVm(steps, host, signal),
    subject: { cluster: facts, workload, vm: looked.facts, ...present({ meshService }) },
    help: { kube, security, signal, ...present({ client }) },
    ...present({ unproved: unproved(input, words.only) }),
  };
}

function unproved(input: VmInput, only: readonly string[]): readonly string[] | undefined {
  if (input.image) return imageNotes(input);
  return only.length > 0 ? ['Only some steps were asked for: nothing was proved.'] : undefined;
}
