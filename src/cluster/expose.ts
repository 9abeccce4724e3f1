import { parseWorkloadIp } from '../mesh/address.ts';
import { madeByMeshx, refOf, type KubeObject, type ObjectRef } from '../mesh/kube-object.ts';
import { list, mapping } from '../mesh/unknown.ts';
import { clusterProblems } from '../problems/cluster.ts';
import { generationOf } from './facts/detect-generation.ts';
import type { ExposeOptions } from './expose/options.ts';
import { clusterGeneration } from './generation.ts';
import type { Kubernetes } from './api/kubernetes.ts';
import { EMPTY_PLAN, type ClusterPlan } from './api/plan.ts';
import { revisionSuffix, serviceRef } from './api/refs.ts';
import { registrationPlan } from './registration/register.ts';
import { byRevision } from './facts/revision-tag.ts';

export { waitForForwardingRulesGone, waitForServicesGone } from './expose/forwarding-rules.ts';
export { exposureCells, exposureStatus } from './expose/status.ts';
export { detectProvider, type Provider } from './expose/provider.ts';
export type { ExposeOptions } from './expose/options.ts';
export type { Via } from './expose/current-manifests.ts';

/**
 * The objects by which VMs reach the control plane. Only reads: `--print` shows exactly these. Throws `istio-not-found`,
 * `control-plane-elsewhere`, `external-ip-taken`, `gateway-port-missing`, `gateway-without-pods`.
 */
export function exposureObjects(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  return byRevision(kube, options, (resolved) => objectsOf(kube, resolved));
}

async function objectsOf(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  if (options.via.kind === 'external-ip') await refuseNodeAddress(kube, options.via.address, options.signal);
  return clusterGeneration(await generationOf(kube, options)).exposure(kube, options);
}

/** What must be written for that. Each new or changed object is first sent as a dry run: all are valid or none is made. */
export async function planExposure(kube: Kubernetes, options: ExposeOptions): Promise<ClusterPlan> {
  const plan = await registrationPlan(kube, await exposureObjects(kube, options), options.signal);
  const { signal } = options;
  const writes = [...plan.create, ...plan.change.map(({ object }) => object)];
  for (const object of kube.live ? writes : []) await kube.apply(object, { dryRun: true, ...(signal && { signal }) });
  return plan;
}

/** What must be deleted: only Services, Gateways and VirtualServices that meshx made. */
export async function planExposureDeletion(
  kube: Kubernetes,
  options: Pick<ExposeOptions, 'istioNamespace' | 'revision' | 'signal'>,
): Promise<ClusterPlan> {
  const refs = exposureRefs(options);
  const found = await Promise.all(refs.map((ref) => kube.get(ref, options.signal)));
  const own = found.filter((object) => object !== undefined).filter(madeByMeshx);
  return { ...EMPTY_PLAN, remove: own.map(refOf) };
}

/** All that `expose apply` may have made, in either generation and in both namespaces. */
function exposureRefs(options: Pick<ExposeOptions, 'istioNamespace' | 'revision'>): readonly ObjectRef[] {
  const { istioNamespace: namespace } = options;
  const suffix = revisionSuffix(options.revision);
  const balancers = ['istio-pilot-ilb', 'mixer-ilb', 'istio-ca-ilb', 'citadel-ilb', `istiod${suffix}-ilb`];
  const apiVersion = 'networking.istio.io/v1';
  return [
    { apiVersion, kind: 'VirtualService', namespace, name: `istiod-vs${suffix}` },
    { apiVersion, kind: 'Gateway', namespace, name: `istiod-gateway${suffix}` },
    ...[...balancers, 'istio-eastwestgateway'].map((name) => serviceRef(namespace, name)),
    ...['dns-ilb', 'dns-ilb-tcp'].map((name) => serviceRef('kube-system', name)),
  ];
}

/** An external IP must be free: kube-proxy would take a node's own address away from it. */
async function refuseNodeAddress(kube: Kubernetes, given: string, signal?: AbortSignal): Promise<void> {
  const address = parseWorkloadIp(given);
  for (const node of await kube.list({ apiVersion: 'v1', kind: 'Node' }, signal)) {
    const own = list(mapping(node['status'])['addresses']).map((each) => mapping(each)['address']);
    if (own.includes(address)) throw clusterProblems.externalIpTaken({ address, node: node.metadata.name });
  }
}
