import { resolve } from 'node:path';
import { applyRegistration } from '../../cluster/register.ts';
import { isEmptyClusterPlan } from '../../cluster/plan.ts';
import type { Kubernetes } from '../../cluster/kubernetes.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Host } from '../../host/host.ts';
import { apply, type Outcome } from '../../reconcile/apply.ts';
import { isEmpty, planHash, summaries } from '../../reconcile/plan.ts';
import { clusterInput, openCluster } from '../cluster.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { type KeptPlan, readKeptPlan } from '../join/kept-plan.ts';
import { clusterStep, doneStep, formatStep, plannedSteps, type StepReport } from '../join/report.ts';
import { vmSecrets } from '../join/secrets.ts';
import { planVm } from '../join/vm-side.ts';
import { machineInput, openMachine } from '../machine.ts';
import { planRegistration } from '../registration.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat } from '../print.ts';

/** `meshx apply plan.json` */
export async function applyKeptPlan(call: Call): Promise<number> {
  const { runtime, args } = call;
  const input = new Input('apply', call);
  const words = { cluster: clusterInput(input), machine: machineInput(input) };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const kept = await readKeptPlan(resolve(runtime.cwd, args[0] ?? ''));
  await using host = await openMachine(runtime, words.machine, kept.vm);
  const { kube } = await openCluster(input, words.cluster, kept.owner.namespace);
  await refuseOutdated(kept, host, runtime.signal);
  const { plan: cluster } = await planRegistration(kube, kept.registration, runtime.signal);

  const empty = isEmpty(kept.plan) && isEmptyClusterPlan(cluster);
  if (input.flag('dryRun')) {
    report(call, output, [clusterStep(cluster, 'planned'), ...plannedSteps(kept.plan)]);
    return !empty && input.flag('exitCode') ? EXIT.planNotEmpty : EXIT.done;
  }
  for await (const { verb, ref } of applyRegistration(kube, cluster, runtime.signal))
    runtime.err(`${verb} ${showRef(ref)}`);
  const outcomes = await applied(call, { kept, host, kube });
  report(call, output, [clusterStep(cluster, 'changed'), ...outcomes.map(doneStep)]);
  const problem = outcomes.find((outcome) => outcome.problem)?.problem;
  if (problem) throw problem;
  return EXIT.done;
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

async function applied(
  { runtime }: Call,
  { kept, host, kube }: { readonly kept: KeptPlan; readonly host: Host; readonly kube: Kubernetes },
): Promise<readonly Outcome[]> {
  const sources = vmSecrets(kube, kept.owner);
  const outcomes: Outcome[] = [];
  const options = { sources, signal: runtime.signal, again: `meshx setup-vm ${kept.vm}` };
  for await (const outcome of apply(kept.plan, host, options)) {
    outcomes.push(outcome);
    runtime.err(formatStep(doneStep(outcome)));
  }
  return outcomes;
}

function report({ runtime }: Call, output: OutputFormat, steps: readonly StepReport[]): void {
  if (output === 'text') runtime.out(steps.map(formatStep).join('\n'));
  else runtime.out(formatDocument({ steps }, output));
}
