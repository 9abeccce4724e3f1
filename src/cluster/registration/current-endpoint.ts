import { tunnelled } from '../../mesh/current/ambient.ts';
import { refuseContradictions } from '../../mesh/current/contradictions.ts';
import { workloadOf } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { MeshService, Workload } from '../../mesh/workload.ts';
import { present } from '../../present.ts';
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
  const entry = await entryOf(kube, endpoint.address, place);
  const group = entry && (await groupOf(kube, entry, place));
  if (entry && group) {
    const joined = joinedBy(group, endpoint, service);
    const member = (await readAmbient(kube, place.facts)) ? tunnelled(joined) : joined;
    return {
      registration: { generation: 'current', istioNamespace, wanted: { workload: member } },
      account: {},
      member,
      ...present({ unverified: lostConnection(entry) }),
    };
  }
  const { labels, annotations, serviceAccount, rest, address } = endpoint;
  const name = { group: endpoint.service, namespace: place.namespace };
  const workload = { ...rest, ...name, serviceAccount, labels, annotations, services: [service] };
  const make = { createNamespace: place.create, createServiceAccount: place.create };
  const wanted = { workload, fixedEntry: { address }, ...make };
  const unverified = `no sidecar has registered ${address} in namespace ${place.namespace}: it gets a fixed entry, and plaintext`;
  return { registration: { generation: 'current', istioNamespace, wanted }, account: {}, unverified };
}

/** istiod notes on an automatic entry when its sidecar connects, and when it has gone. */
function lostConnection(entry: KubeObject): string | undefined {
  const { annotations = {} } = entry.metadata;
  const [since, until] = [annotations['istio.io/connectedAt'], annotations['istio.io/disconnectedAt']];
  const address = entryAddress(entry);
  if (until !== undefined) return `istiod has no connection to the sidecar of ${address} since ${until}`;
  return since === undefined ? `the sidecar of ${address} has never connected to istiod` : undefined;
}

/** The automatic entry at this address. */
async function entryOf(
  kube: Kubernetes,
  address: string,
  { namespace, signal }: EndpointPlace,
): Promise<KubeObject | undefined> {
  const entries = await listEntries(kube, namespace, signal);
  return entries.find((entry) => automaticGroup(entry) !== undefined && entryAddress(entry) === address);
}

/** The WorkloadGroup of an automatic entry. */
async function groupOf(
  kube: Kubernetes,
  entry: KubeObject,
  { namespace, signal }: EndpointPlace,
): Promise<KubeObject | undefined> {
  const name = automaticGroup(entry);
  return name ? kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal) : undefined;
}

function joinedBy(group: KubeObject, { labels, rest }: Endpoint, service: MeshService): Workload {
  const before = workloadOf(group);
  if (before.foreignGroup) refuseContradictions(before, { rest: { ...rest, labels, services: [service] } });
  return { ...before, ...rest, labels: { ...before.labels, ...labels }, services: [service] };
}
