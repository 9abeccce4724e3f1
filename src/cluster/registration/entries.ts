import { NETWORKING } from '../../mesh/current/objects.ts';
import { refOf, showRef, type KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text, textMapping } from '../../mesh/unknown.ts';
import type { Workload } from '../../mesh/workload.ts';
import { DRAINING, READY, serviceKey, servicesNamed } from '../../mesh/workload-labels.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { isNudge } from './nudge.ts';

/** istiod sets it on automatic entries. */
const GROUP_ANNOTATION = 'istio.io/autoRegistrationGroup';

/** The group of an automatic entry; undefined for a fixed one. */
export function automaticGroup(entry: KubeObject): string | undefined {
  return entry.metadata.annotations?.[GROUP_ANNOTATION];
}

/** Labels of an entry as istiod merges them: metadata over spec. */
export function entryLabels(entry: KubeObject): Readonly<Record<string, string>> {
  return { ...textMapping(mapping(entry['spec'])['labels']), ...entry.metadata.labels };
}

export function entryAddress(entry: KubeObject): string {
  return text(mapping(entry['spec'])['address']) ?? '';
}

/** Whether the Service of this name selects an entry, by either of its labels. */
export function isInService(entry: KubeObject, service: string): boolean {
  const inSpec = textMapping(mapping(entry['spec'])['labels']);
  return [entryLabels(entry), inSpec].some((labels) => labels[serviceKey(service)] === READY);
}

/** Whether an entry is in the service of this name, or returns to it after a drain. */
export function isMember(entry: KubeObject, service: string): boolean {
  return isInService(entry, service) || entryLabels(entry)[serviceKey(service)] === DRAINING;
}

/** All entries of a namespace, without nudges. */
export async function listEntries(
  kube: Kubernetes,
  namespace: string,
  signal?: AbortSignal,
): Promise<readonly KubeObject[]> {
  const entries = await kube.list({ apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace }, signal);
  return entries.filter((entry) => !isNudge(entry));
}

/** A machine without a sidecar of meshx. */
export interface FixedMachine {
  readonly workload: Workload;
  readonly address: string;
}

/** Two entries with one address in one Service would each count as an endpoint. Throws `entry-beside-automatic`. */
export function refuseBesideAutomatic(entries: readonly KubeObject[], { workload, address }: FixedMachine): void {
  const names = workload.services.map(({ name }) => name);
  for (const entry of entries) {
    const services = servicesNamed(entryLabels(entry)).filter((name) => names.includes(name));
    if (automaticGroup(entry) === undefined || entryAddress(entry) !== address || services.length === 0) continue;
    throw clusterProblems.entryBesideAutomatic({ address, entry: showRef(refOf(entry)), services });
  }
}
