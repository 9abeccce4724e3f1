import { resolve } from 'node:path';
import type { Host } from '../../host/host.ts';
import { cliProblems } from '../../problems/cli.ts';
import { planHash, summaries } from '../../reconcile/plan.ts';
import { clusterInput, openCluster } from '../cluster.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { carryOut, showPlan } from '../join/carry-out.ts';
import { conclude } from '../join/conclude.ts';
import { reported } from '../join/draft.ts';
import { type KeptPlan, readKeptPlan } from '../join/kept-plan.ts';
import { judgedSecurity, readPolicies } from '../join/security.ts';
import { planVm } from '../join/vm-side.ts';
import { machineInput, openMachine } from '../machine.ts';
import { planRegistration } from '../registration.ts';
import { OUTPUT_FORMATS } from '../print.ts';

/** `meshx apply plan.json`: what setup-vm would do from here on, with the plan as it was read by somebody. */
export async function applyKeptPlan(call: Call): Promise<number> {
  const { runtime, args } = call;
  const { signal } = runtime;
  const input = new Input('apply', call);
  const words = { cluster: clusterInput(input), machine: machineInput(input) };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const dryRun = input.flag('dryRun');
  input.accept();

  const kept = await readKeptPlan(resolve(runtime.cwd, args[0] ?? ''));
  const { vm, steps, plan, subject, unproved } = kept;
  const { workload } = subject;
  const { kube } = await openCluster(input, words.cluster, workload.namespace);
  const say = dryRun && output === 'text' ? runtime.out : runtime.err;
  const report = await reported(vm, signal, async (draft) => {
    draft.about(subject);
    const policies = await readPolicies(kube, subject.cluster, { namespace: workload.namespace, signal });
    const security = judgedSecurity(workload, policies, { vm, acceptRisk: kept.acceptRisk, say });
    await using host = await openMachine(runtime, words.machine, vm);
    await refuseOutdated(kept, host, signal);
    const { plan: registration } = await planRegistration(kube, kept.registration, signal);
    const help = { kube, security, signal };
    const again = `meshx setup-vm ${vm}`;
    const work = { vm, host, steps, plan, subject, registration, help, say, again, ...(unproved && { unproved }) };
    if (dryRun) showPlan(work, draft);
    else await carryOut(work, draft);
  });
  return conclude({ runtime, output, exitCode: input.flag('exitCode') }, [report]);
}

/** The same steps on the same machine give the same plan; another plan means that something has changed since. */
async function refuseOutdated(kept: KeptPlan, host: Host, signal: AbortSignal): Promise<void> {
  const now = await planVm(kept.steps, host, signal);
  if (planHash(now) === planHash(kept.plan)) return;
  const [before, after] = [summaries(kept.plan), summaries(now)];
  const issues = [
    ...before.filter((line) => !after.includes(line)).map((line) => `no longer due: ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `due now: ${line}`),
  ];
  throw cliProblems.planOutdated({ vm: kept.vm, issues });
}
