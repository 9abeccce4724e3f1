import { NETWORKING } from '../../mesh/current/objects.ts';
import { automaticEntryName } from '../../mesh/entry-name.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { Workload } from '../../mesh/workload.ts';
import { present } from '../../present.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { askedTogether } from '../api/read-once.ts';

/** The VM whose entry is read. */
export interface EntryQuestion {
  readonly kube: Kubernetes;
  readonly workload: Workload;
  /** The VM's address in the mesh. */
  readonly address: string;
  readonly signal: AbortSignal;
}

/** istiod's entry of a VM, as it is in the cluster. */
export interface VmEntry {
  /** NAMESPACE/NAME. */
  readonly name: string;
  /** Absent when there is none. */
  readonly object?: KubeObject;
}

/** Reads the entry at each call. Calls at the same time share one request. */
export function vmEntry({ kube, workload, address, signal }: EntryQuestion): () => Promise<VmEntry> {
  const { group, namespace, network } = workload;
  const name = automaticEntryName({ group, address, ...present({ network }) });
  return askedTogether(async () => {
    const object = await kube.get({ apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace, name }, signal);
    return { name: `${namespace}/${name}`, ...present({ object }) };
  });
}
