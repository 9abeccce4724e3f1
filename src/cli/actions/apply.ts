import { resolve } from 'node:path';
import type { Host } from '../../host/run/host.ts';
import { cliProblems } from '../../problems/cli.ts';
import { auditChain, auditText } from '../../reconcile/audit.ts';
import { isRestOf, type Plan, planHash, summaries } from '../../reconcile/plan.ts';
import { openCluster } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { commandWords } from '../command-words.ts';
import { typedLine } from '../typed-line.ts';
import { Input } from '../input.ts';
import { carryOut, showPlan } from '../join/carry-out.ts';
import { seatAt } from '../../vm/reachability/find-seat.ts';
import type { Work } from '../join/work.ts';
import { conclude } from '../conclude.ts';
import { placeOf } from '../join/proofs.ts';
import { reported } from '../../operations/change/vm-report.ts';
import { type KeptPlan, readKeptPlan } from '../join/kept-plan.ts';
import { clusterGeneration } from '../../cluster/generation.ts';
import { judgedSecurity } from '../join/security.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';
import { planVm } from '../../operations/join/vm-side.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { machineOptions } from '../machine-options.ts';
import { planRegistration } from '../../cluster/registration/registration.ts';
import { OUTPUT_FORMATS, speaker } from '../print.ts';
import { present } from '../../present.ts';

/** `meshx apply plan.json`: what setup-vm would do from here on, with the plan as it was read by somebody. */
export async function applyKeptPlan(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const { signal } = world;
  const input = new Input('apply', call);
  const words = { cluster: clusterOptions(input), machine: machineOptions(input) };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const dryRun = input.flag('dryRun');
  const within = confirmWithin(input);
  const restart = restartOptions(input);
  input.accept();

  const kept = await readKeptPlan(resolve(world.cwd, args[0] ?? ''));
  const { vm, steps, subject, unverified } = kept;
  const { workload } = subject;
  const { kube } = await openCluster(world, words.cluster, workload.namespace);
  const say = speaker(terminal, dryRun && output === 'text');
  const report = await reported(vm, signal, async (draft) => {
    draft.place = placeOf(subject);
    const policies = await clusterGeneration(subject.cluster.generation).policies(kube, subject.cluster, {
      namespace: workload.namespace,
      signal,
    });
    const security = judgedSecurity(workload, policies, { vm, acceptRisk: kept.acceptRisk, say });
    await using host = await openMachine(world, words.machine, vm);
    const again = typedLine('apply', call, ...args);
    const login = () => openMachine(world, words.machine, vm);
    const deadMan = words.machine.root === undefined ? { within, login } : undefined;
    const image = words.machine.root !== undefined;
    const shared = {
      vm,
      host,
      steps,
      subject,
      say,
      again,
      ...(!image && { restart }),
      ...present({ unverified, deadMan, record: world.record }),
    };
    const seat = seatAt(host, subject.vm.address);
    const inspect = async (signal: AbortSignal): Promise<Work> => {
      const plan = await duePlan(kept, host, signal);
      const { plan: registration } = await planRegistration(kube, kept.registration, signal);
      return {
        ...shared,
        plan,
        registration,
        help: { kube, security, signal, seat },
      };
    };
    const inspectedAt = performance.now();
    const work = await inspect(signal);
    if (dryRun) return await showPlan(work, draft);
    const command = commandWords('apply', call, ...args);
    await carryOut(work, { world, command, inspectedAt, inspect }, draft);
  });
  return conclude({ terminal, output, exitCode: input.flag('exitCode') }, [report]);
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
