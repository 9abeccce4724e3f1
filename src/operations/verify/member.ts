import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { gatherClusterFacts, type FactsOptions } from '../../cluster/facts/facts.ts';
import { classicWorkload } from '../../cluster/registration/classic-workload.ts';
import type { Host } from '../../host/run/host.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { parseName } from '../../mesh/names.ts';
import type { Workload } from '../../mesh/workload.ts';
import { verifyProblems } from '../../problems/verify.ts';
import { type Membership, readMembership } from '../../vm/membership.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { withRecordedFacts } from '../join/recorded-options.ts';
import { existingWorkload, groupNameOrNone } from '../join/workload.ts';

/** A VM with its place in the cluster. */
export interface MemberFacts {
  readonly cluster: ClusterFacts;
  readonly workload: Workload;
  /** The VM's address in the mesh. */
  readonly address: string;
}

export interface MemberOptions {
  readonly facts: FactsOptions;
  readonly namespace: string;
  readonly signal: AbortSignal;
  /** Options that are given now, as a join would record them. */
  readonly repeated: RecordedOptions;
  /** Called with options of the VM's join that were not given and are used again. */
  readonly onRepeated?: (options: RecordedOptions) => void;
}

/**
 * Namespace and group come from the VM's record, then from its settings; what its join recorded about the cluster is used unless it is
 * given. Throws `invalid-input`, `verify-vm-unknown` and Problems of both sides.
 */
export async function memberFacts(host: Host, kube: Kubernetes, given: MemberOptions): Promise<MemberFacts> {
  const { signal } = given;
  const membership = await readMembership(host, signal);
  const { facts, used } = withRecordedFacts('verify', given, membership.record?.options ?? {});
  if (Object.keys(used).length > 0) given.onRepeated?.(used);
  const cluster = await gatherClusterFacts(kube, facts);
  const namespace = parseName(membership.record?.namespace ?? membership.namespace ?? given.namespace, 'namespace');
  if (!meshGeneration(cluster.generation).hasGroups)
    return await classicFacts(host, kube, { cluster, membership, namespace, signal });
  const named = membership.record?.group ?? membership.group ?? groupNameOrNone(membership.hostname);
  const group = named && parseName(named, 'group');
  const workload = group ? await existingWorkload(kube, { namespace, group, signal }) : undefined;
  const address = membership.record?.address ?? membership.addresses[0];
  if (!workload || address === undefined)
    throw verifyProblems.vmUnknown({ vm: host.name, group: `${namespace}/${group ?? ''}`, cluster: kube.name });
  return { cluster, workload, address };
}

interface Classic {
  readonly cluster: ClusterFacts;
  readonly membership: Membership;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** The cluster keeps nothing of such a VM but its address in Endpoints. */
async function classicFacts(
  host: Host,
  kube: Kubernetes,
  { cluster, membership, namespace, signal }: Classic,
): Promise<MemberFacts> {
  const { record, addresses, hostname } = membership;
  const address = record?.address ?? addresses[0];
  if (address === undefined) throw verifyProblems.vmUnknown({ vm: host.name, group: namespace, cluster: kube.name });
  const serviceAccount = record?.serviceAccount ?? 'default';
  const vm = { name: hostname, namespace, serviceAccount, addresses: [address], signal };
  return { cluster, workload: await classicWorkload(kube, vm), address };
}
