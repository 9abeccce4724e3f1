import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Host } from '../../host/run/host.ts';
import { present } from '../../present.ts';
import { cliProblems } from '../../problems/cli.ts';
import { auditChain, auditText } from '../../reconcile/audit.ts';
import { isRestOf, type Plan, planHash, summaries } from '../../reconcile/plan.ts';
import { seatAt } from '../../vm/reachability/find-seat.ts';
import type { World } from '../../world.ts';
import { openCluster } from '../connection/cluster.ts';
import { openMachine } from '../connection/machine.ts';
import { type Parts, reportOf, type VmReport } from '../vm-report.ts';
import { joinDecision } from './decision.ts';
import { carryOut, placeOf } from './join.ts';
import type { KeptPlan } from './kept-plan.ts';
import type { JoinOptions } from './options.ts';
import { judgedSecurity } from './risks.ts';
import type { JoinRun } from './run.ts';
import { planVm } from './vm-side.ts';

/** How a kept plan is applied. */
type ApplyOptions = Pick<JoinOptions, 'cluster' | 'machine' | 'restart' | 'confirmWithin' | 'dryRun'>;

/** A kept plan, and the command that applies it. */
export interface Applying extends Pick<JoinRun, 'again' | 'command' | 'observe'> {
  readonly kept: KeptPlan;
  readonly options: ApplyOptions;
}

/** Continues the join from its plan. Throws Problems of opening the cluster; other failures are in the report. */
export async function applyKept(world: World, applying: Applying): Promise<VmReport> {
  const { kept, options } = applying;
  const { kube } = await openCluster(world, options.cluster, kept.subject.workload.namespace);
  return await reportOf(kept.vm, world.signal, parts(world, applying, kube));
}

async function* parts(world: World, applying: Applying, kube: Kubernetes): Parts {
  const { kept, options, observe } = applying;
  const { vm, subject, acceptRisk, unverified, steps, registration } = kept;
  yield placeOf(subject);
  const place = { namespace: subject.workload.namespace, signal: world.signal };
  const generation = clusterGeneration(subject.cluster.generation);
  const policies = await generation.policies(kube, subject.cluster, place);
  const security = judgedSecurity(subject.workload, policies, { vm, acceptRisk, observe });
  const { machine, restart, confirmWithin: within, dryRun } = options;
  const login = () => openMachine(world, machine, vm);
  await using host = await login();
  const seat = seatAt(host, subject.vm.address);
  const live = machine.root === undefined ? { restart, guard: { within, login } } : undefined;
  const verifying = unverified ? undefined : { vm, host, security, seat, ...present({ record: world.record }) };
  const inspect = async (signal: AbortSignal) => {
    const plan = await duePlan(kept, host, signal);
    const { plan: writes } = await generation.planRegistration(kube, registration, signal);
    return { decision: joinDecision({ subject, world, kube, writes, steps, plan, ...present({ live, verifying }) }) };
  };
  const inspectedAt = performance.now();
  const plan = { ...(await inspect(world.signal)), ...present({ unverified }) };
  yield await carryOut(world, { ...applying, vm, login, dryRun }, { host, inspectedAt, plan, inspect });
}

/**
 * The part of the kept plan that is due: all of it, or the rest after a run of it died. The same steps on the same
 * machine give the same plan, so any other plan means that the machine has changed. Throws `plan-outdated`.
 */
async function duePlan(kept: KeptPlan, host: Host, signal: AbortSignal): Promise<Plan> {
  const now = await planVm(kept.steps, host, signal);
  if (planHash(now) === planHash(kept.plan)) return now;
  if (isRestOf(now, kept.plan) && (await wasBegun(kept, host, signal))) return now;
  const [before, after] = [summaries(kept.plan), summaries(now)];
  const issues = [
    ...before.filter((line) => !after.includes(line)).map((line) => `no longer due: ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `due now: ${line}`),
  ];
  throw cliProblems.planOutdated({ vm: kept.vm, issues });
}

/** A part may be done only if the machine's audit has a run of this plan. */
async function wasBegun({ plan }: KeptPlan, host: Host, signal: AbortSignal): Promise<boolean> {
  const hash = planHash(plan);
  const { lines } = auditChain(await auditText(host, signal));
  return lines.some((line) => line.event === 'began' && line.plan === hash);
}
