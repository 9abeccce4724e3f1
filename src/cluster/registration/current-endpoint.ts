import { tunnelled } from '../../mesh/current/ambient.ts';
import { refuseContradictions } from '../../mesh/current/contradictions.ts';
import { workloadOf } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { MeshService, Workload } from '../../mesh/workload.ts';
import { readAmbient } from '../facts/current-facts.ts';
import type { Endpoint, EndpointPlace, EndpointRequest } from './endpoint.ts';
import { automaticGroup, entryAddress, listEntries } from './entries.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

/**
 * A machine whose sidecar has registered itself gets the service on that entry, any other machine a fixed entry. Both
 * together would count the machine twice. Assumes that the root namespace is the control plane's.
 */
export async function currentEndpoint(
  kube: Kubernetes,
  endpoint: Endpoint,
  place: EndpointPlace,
): Promise<EndpointRequest> {
  const { istioNamespace } = place.facts;
  const service = { name: endpoint.service, ports: endpoint.ports };
  const group = await groupOf(kube, endpoint.address, place);
  if (group) {
    const joined = joinedBy(group, endpoint, service);
    const member = (await readAmbient(kube, place.facts)) ? tunnelled(joined) : joined;
    return {
      registration: { generation: 'current', istioNamespace, wanted: { workload: member } },
      account: {},
      member,
    };
  }
  const { labels, annotations, serviceAccount, rest, address } = endpoint;
  const name = { group: endpoint.service, namespace: place.namespace };
  const workload = { ...rest, ...name, serviceAccount, labels, annotations, services: [service] };
  const make = { createNamespace: place.create, createServiceAccount: place.create };
  const wanted = { workload, fixedEntry: { address }, ...make };
  return { registration: { generation: 'current', istioNamespace, wanted }, account: {} };
}

/** The WorkloadGroup of the automatic entry at this address. */
async function groupOf(
  kube: Kubernetes,
  address: string,
  { namespace, signal }: EndpointPlace,
): Promise<KubeObject | undefined> {
  const entries = await listEntries(kube, namespace, signal);
  const own = entries.find((entry) => automaticGroup(entry) !== undefined && entryAddress(entry) === address);
  const name = own && automaticGroup(own);
  return name ? kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal) : undefined;
}

function joinedBy(group: KubeObject, { labels, rest }: Endpoint, service: MeshService): Workload {
  const before = workloadOf(group);
  if (before.foreignGroup) refuseContradictions(before, { rest: { ...rest, labels, services: [service] } });
  return { ...before, ...rest, labels: { ...before.labels, ...labels }, services: [service] };
}
