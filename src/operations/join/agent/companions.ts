import { automaticGroup, entryAddress, listEntries } from '../../../cluster/registration/entries.ts';
import { hasAgent } from '../../../cluster/registration/relabels.ts';
import type { Kubernetes } from '../../../cluster/api/kubernetes.ts';
import type { Workload } from '../../../mesh/workload.ts';
import { agentProblems } from '../../../problems/agent.ts';

/** The other VMs of a group, by the names of their entries. */
export interface Companions {
  readonly withAgent: readonly string[];
  readonly without: readonly string[];
}

/** The VM whose companions are asked for. */
interface Member {
  readonly vm: string;
  readonly workload: Pick<Workload, 'namespace' | 'group'>;
  readonly address: string;
}

/** The connected VMs of the group but the one with this address. */
export async function companionsOf(kube: Kubernetes, { workload, address }: Member, signal: AbortSignal) {
  const entries = await listEntries(kube, workload.namespace, signal);
  const others = entries.filter((each) => automaticGroup(each) === workload.group && entryAddress(each) !== address);
  const named = (has: boolean) => others.filter((each) => hasAgent(each) === has).map(({ metadata }) => metadata.name);
  return { withAgent: named(true), without: named(false) } satisfies Companions;
}

/**
 * One probe is that of all VMs of a group: with agents it asks the agent, so a VM without one would leave rotation. Throws
 * `agent-group-mixed` if the VM would be the only one of its kind.
 */
export function refuseMixedGroup(
  { vm, workload }: Member,
  hasAgent: boolean,
  { withAgent, without }: Companions,
): void {
  const others = hasAgent ? without : withAgent;
  const [other] = others;
  if (other === undefined) return;
  const { namespace, group } = workload;
  throw agentProblems.groupMixed({ vm, group: `${namespace}/${group}`, hasAgent, other, others: others.length });
}
