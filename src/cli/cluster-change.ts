import { parseName } from '../mesh/names.ts';
import { cliProblems } from '../problems/cli.ts';
import { type ClusterPlan, clusterPlanLines, isEmptyClusterPlan } from '../cluster/api/plan.ts';
import { applyRegistration } from '../cluster/registration/register.ts';
import type { Kubernetes } from '../cluster/api/kubernetes.ts';
import { clusterOptions } from './cluster-options.ts';
import { EXIT } from './exit-codes.ts';
import type { Input } from './input.ts';
import { formatDocument, type OutputFormat } from './print.ts';

export interface ClusterChange {
  readonly kube: Kubernetes;
  readonly plan: ClusterPlan;
  readonly output: OutputFormat;
  /** Lines for people, printed before the writes. */
  readonly lines: readonly string[];
}

/** Prints a plan for a cluster, and carries it out unless it is a dry run. Returns the exit code. */
export async function changeCluster(input: Input, change: ClusterChange): Promise<number> {
  const { world, terminal } = input.call;
  const { kube, plan, output } = change;
  const dryRun = input.flag('dryRun');
  const writes = clusterPlanLines(plan);
  const { notes = [] } = plan;
  if (output === 'text')
    terminal.out([...change.lines, ...planText(plan, dryRun), ...notes.map((note) => `note: ${note}`)]);
  if (!dryRun)
    for await (const { verb, ref } of applyRegistration(kube, plan, world.signal))
      terminal.err(`${verb} ${ref.kind} ${ref.name}`);
  if (output !== 'text') {
    const objects = [...plan.create, ...plan.change.map(({ object }) => object)];
    terminal.out(formatDocument({ applied: !dryRun, writes, ...(notes.length > 0 && { notes }), objects }, output));
  }
  return dryRun && writes.length > 0 && input.flag('exitCode') ? EXIT.planNotEmpty : EXIT.done;
}

/** A line for each write. Whole objects are in the documents for programs. */
function planText(plan: ClusterPlan, dryRun: boolean): readonly string[] {
  if (isEmptyClusterPlan(plan)) return ['up to date, no changes'];
  const lines = clusterPlanLines(plan).map((line) => `+ ${line}`);
  return dryRun ? [...lines, 'a dry run: nothing was changed; -o yaml shows the objects'] : lines;
}

/** Reads CLUSTER_OPTIONS and the namespace of what is changed. Issues are collected in the input. */
export function changeOptions(input: Input) {
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  return { cluster: clusterOptions(input), namespace };
}

/** Throws `needs-confirmation` for a change without --yes. */
export function needConfirmation(input: Input, plan: ClusterPlan): void {
  const writes = clusterPlanLines(plan);
  if (writes.length === 0 || input.flag('yes') || input.flag('dryRun')) return;
  throw cliProblems.needsConfirmation({ what: `To ${writes.join(', ')}` });
}
