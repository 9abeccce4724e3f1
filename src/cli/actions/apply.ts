import { resolve } from 'node:path';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Host } from '../../host/run/host.ts';
import type { RestartOptions } from '../../operations/change/decision.ts';
import { type ClusterOptions, openCluster } from '../../operations/connection/cluster.ts';
import { type MachineOptions, openMachine } from '../../operations/connection/machine.ts';
import { joinDecision } from '../../operations/join/decision.ts';
import { carriedOut, placeOf, planned } from '../../operations/join/join.ts';
import { judgedSecurity } from '../../operations/join/risks.ts';
import type { JoinRun } from '../../operations/join/run.ts';
import { planVm } from '../../operations/join/vm-side.ts';
import { type Parts, reportOf } from '../../operations/vm-report.ts';
import { present } from '../../present.ts';
import { cliProblems } from '../../problems/cli.ts';
import { auditChain, auditText } from '../../reconcile/audit.ts';
import { isRestOf, type Plan, planHash, summaries } from '../../reconcile/plan.ts';
import { seatAt } from '../../vm/reachability/find-seat.ts';
import type { World } from '../../world.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { conclude } from '../conclude.ts';
import { Input } from '../input.ts';
import { type KeptPlan, readKeptPlan } from '../join/kept-plan.ts';
import { tellJoin } from '../join/text.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS, speaker } from '../print.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';
import { typedLine } from '../typed-line.ts';
import { printedReport } from '../vm-report.ts';

/** `meshx apply plan.json`: what setup-vm would do from here on, with the plan as it was reviewed. */
export async function applyKeptPlan(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('apply', call);
  const options: ApplyOptions = {
    ...{ cluster: clusterOptions(input), machine: machineOptions(input) },
    ...{ restart: restartOptions(input), confirmWithin: confirmWithin(input), dryRun: input.flag('dryRun') },
  };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const kept = await readKeptPlan(resolve(world.cwd, args[0] ?? ''));
  const { vm } = kept;
  const again = typedLine('apply', call, ...args);
  const observe = tellJoin({ vm, again, say: speaker(terminal, options.dryRun && output === 'text') });
  const names = { vm, again, command: commandWords('apply', call, ...args), observe };
  const { kube } = await openCluster(world, options.cluster, kept.subject.workload.namespace);
  const report = await reportOf(vm, world.signal, parts({ world, kept, options, kube, ...names }));
  const printed = printedReport(report, again, (note) => [note]);
  return conclude({ terminal, output, exitCode: input.flag('exitCode') }, [printed]);
}

interface ApplyOptions {
  readonly cluster: ClusterOptions;
  readonly machine: MachineOptions;
  readonly restart: RestartOptions;
  /** Seconds that the VM waits for its confirmation. */
  readonly confirmWithin: number;
  readonly dryRun: boolean;
}

interface Applying extends Pick<JoinRun, 'vm' | 'again' | 'command' | 'observe'> {
  readonly world: World;
  readonly kept: KeptPlan;
  readonly options: ApplyOptions;
  readonly kube: Kubernetes;
}

async function* parts(applying: Applying): Parts {
  const { world, vm, kept, options, kube, observe } = applying;
  const { subject, acceptRisk, unverified } = kept;
  const { signal } = world;
  yield placeOf(subject);
  const place = { namespace: subject.workload.namespace, signal };
  const policies = await clusterGeneration(subject.cluster.generation).policies(kube, subject.cluster, place);
  const security = judgedSecurity(subject.workload, policies, { vm, acceptRisk, observe });
  const login = () => openMachine(world, options.machine, vm);
  await using host = await login();
  const seat = seatAt(host, subject.vm.address);
  const { restart, confirmWithin: within } = options;
  const live = options.machine.root === undefined ? { restart, guard: { within, login } } : undefined;
  const verifying = unverified ? undefined : { vm, host, security, seat, ...present({ record: world.record }) };
  const inspect = async (held: AbortSignal) => {
    const { steps, registration } = kept;
    const plan = await duePlan(kept, host, held);
    const generation = clusterGeneration(registration.generation);
    const { plan: writes } = await generation.planRegistration(kube, registration, held);
    return { decision: joinDecision({ subject, kube, writes, steps, plan, ...present({ live, verifying }) }) };
  };
  const inspectedAt = performance.now();
  const plan = { ...(await inspect(signal)), ...present({ unverified }) };
  yield* (options.dryRun ? planned : carriedOut)(world, applying, { host, inspectedAt, plan, inspect });
}

/**
 * What of the kept plan is due: all of it, or what is left where a run of it died. The same steps on the same machine give the
 * same plan; another plan means that something has changed since. Throws `plan-outdated`.
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

/** Only a run of this very plan may have made what is done of it; the machine's own record says whether there was one. */
async function wasBegun({ plan }: KeptPlan, host: Host, signal: AbortSignal): Promise<boolean> {
  const hash = planHash(plan);
  const { lines } = auditChain(await auditText(host, signal));
  return lines.some((line) => line.event === 'began' && line.plan === hash);
}
