import { NETWORKING } from '../../mesh/current/objects.ts';
import { MANAGED_BY } from '../../mesh/kube-object.ts';
import { VM_LABEL } from '../../mesh/workload-labels.ts';
import type { PartReader, Refused } from './part.ts';

/** The namespaces with VMs. */
export interface VmNamespaces {
  readonly names: readonly string[];
  /** Why other namespaces were not looked for VMs. */
  readonly limited?: Refused;
}

const MADE_BY_MESHX = Object.entries(MANAGED_BY)
  .map(([key, value]) => `${key}=${value}`)
  .join(',');

/**
 * The given namespace; else every namespace with a group of meshx, or an entry of meshx or of one of its groups. If those of the whole cluster may not be listed, the
 * namespace of the context, or `default`.
 */
export async function vmNamespaces(
  read: PartReader,
  given: string | undefined,
  ofContext: string | undefined,
): Promise<VmNamespaces> {
  if (given !== undefined) return { names: [given] };
  const lists = await Promise.all([
    read.list({ apiVersion: NETWORKING, kind: 'WorkloadGroup', labelSelector: MADE_BY_MESHX }),
    read.list({ apiVersion: NETWORKING, kind: 'WorkloadEntry', labelSelector: MADE_BY_MESHX }),
    // istiod made these, and their group may be gone.
    read.list({ apiVersion: NETWORKING, kind: 'WorkloadEntry', labelSelector: VM_LABEL }),
  ]);
  const limited = lists.find((part): part is Refused => 'refused' in part);
  if (limited) return { names: limited.refused === 'not-served' ? [] : [ofContext ?? 'default'], limited };
  const found = lists.flatMap((part) => ('found' in part ? part.found : []));
  return { names: [...new Set(found.map(({ metadata }) => metadata.namespace ?? 'default'))].sort() };
}
