import type { ClassicRelease } from '../mesh/cluster-facts.ts';
import { parseWorkloadIp } from '../mesh/address.ts';
import { madeByMeshx, refOf, showRef, type KubeObject, type ObjectRef } from '../mesh/kube-object.ts';
import { list, mapping, text, textMapping } from '../mesh/unknown.ts';
import { clusterProblems } from '../problems/cluster.ts';
import { classicRelease } from './classic-release.ts';
import { readOptional } from './deployment-version.ts';
import { classicExposure, dnsBalancers } from './expose/classic-manifests.ts';
import { directExposure, GATEWAY_LABELS, gatewayExposure, type Via } from './expose/current-manifests.ts';
import { generationOf } from './facts.ts';
import type { Kubernetes } from './kubernetes.ts';
import { reachOf } from './load-balancer.ts';
import { EMPTY_PLAN, type ClusterPlan } from './plan.ts';
import { readDefaultConfig } from './mesh-config.ts';
import { configMapRef, revisionSuffix, serviceRef } from './refs.ts';
import { registrationPlan } from './register.ts';
import { byRevision } from './revision-tag.ts';

export { waitForForwardingRulesGone, waitForServicesGone } from './expose/forwarding-rules.ts';
export { exposureCells, exposureStatus } from './expose/status.ts';
export { detectProvider, type Provider } from './expose/provider.ts';
export type { Via } from './expose/current-manifests.ts';

export interface ExposeOptions {
  readonly istioNamespace: string;
  readonly revision?: string;
  readonly via: Via;
  /** By a gateway or straight to istiod; found out when absent: a gateway deployment is used where there is one. */
  readonly mode?: 'gateway' | 'direct';
  /** A load balancer of the cluster's DNS in a current cluster too; a classic one always has it. */
  readonly dns?: boolean;
  readonly dnsTcp?: boolean;
  readonly release?: ClassicRelease;
  readonly clusterDomain?: string;
  readonly signal?: AbortSignal;
}

/**
 * The objects by which VMs reach the control plane. Only reads: `--print` shows exactly these. Throws `istio-not-found`,
 * `control-plane-elsewhere`, `external-ip-taken`, `gateway-port-missing`, `gateway-without-pods`.
 */
export function exposureObjects(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  return byRevision(kube, options, (resolved) => objectsOf(kube, resolved));
}

async function objectsOf(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  if (options.via.kind === 'external-ip') await refuseNodeAddress(kube, options.via.address, options.signal);
  const generation = await generationOf(kube, options);
  if (generation === 'classic') return classicObjects(kube, options);
  const { via, dnsTcp = false } = options;
  const provider = via.kind === 'loadbalancer' ? via.provider : 'none';
  return [...(await currentObjects(kube, options)), ...(options.dns ? dnsBalancers({ provider, dnsTcp }) : [])];
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

async function classicObjects(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  const { istioNamespace, via, dnsTcp = false, signal } = options;
  const release = options.release ?? (await classicRelease(kube, options));
  const pilot = await kube.get(serviceRef(istioNamespace, 'istio-pilot'), signal);
  const pilotPorts = pilot === undefined ? [] : reachOf(pilot).ports;
  const provider = via.kind === 'loadbalancer' ? via.provider : 'none';
  return classicExposure({ release, istioNamespace, provider, pilotPorts, dnsTcp });
}

async function currentObjects(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  const { istioNamespace, via, clusterDomain = 'cluster.local' } = options;
  const suffix = revisionSuffix(options.revision);
  const wanted = { istioNamespace, via, clusterDomain, ...(suffix === '' ? {} : { revision: suffix.slice(1) }) };
  const istiod = await istiodHere(kube, options);
  const gateway = await findGateway(kube, options);
  const mode = options.mode ?? ((gateway.service ?? gateway.deployment) ? 'gateway' : 'direct');
  // The running Service knows which pods are istiod.
  if (mode === 'direct') return directExposure({ ...wanted, selector: reachOf(istiod).selector });
  const isForeign = gateway.service !== undefined && !madeByMeshx(gateway.service);
  if (isForeign && gateway.service) refusePortless(gateway.service);
  return gatewayExposure({ ...wanted, ownService: !isForeign, selector: gatewaySelector(gateway) });
}

/** The Service of istiod. Throws `control-plane-elsewhere` where none selects pods of this cluster. */
async function istiodHere(kube: Kubernetes, options: ExposeOptions): Promise<KubeObject> {
  const { istioNamespace: namespace, signal } = options;
  const suffix = revisionSuffix(options.revision);
  const service = await kube.get(serviceRef(namespace, `istiod${suffix}`), signal);
  if (service !== undefined && Object.keys(reachOf(service).selector).length > 0) return service;
  const place = service ? `the endpoints of ${showRef(refOf(service))}` : await dialledPlace(kube, options);
  throw clusterProblems.controlPlaneElsewhere({ cluster: kube.name, place });
}

async function dialledPlace(kube: Kubernetes, options: ExposeOptions): Promise<string> {
  const ref = configMapRef(options.istioNamespace, `istio${revisionSuffix(options.revision)}`);
  const { discoveryAddress } = await readDefaultConfig(kube, ref, options.signal);
  return text(discoveryAddress) ?? `the discoveryAddress of ${showRef(ref)}`;
}

interface FoundGateway {
  readonly service: KubeObject | undefined;
  readonly deployment: KubeObject | undefined;
}

async function findGateway(
  kube: Kubernetes,
  { istioNamespace: namespace, signal }: ExposeOptions,
): Promise<FoundGateway> {
  const name = 'istio-eastwestgateway';
  const service = await kube.get(serviceRef(namespace, name), signal);
  if (service !== undefined && !madeByMeshx(service)) return { service, deployment: undefined };
  const deployment = await readOptional(kube, { apiVersion: 'apps/v1', kind: 'Deployment', namespace, name }, signal);
  return { service, deployment };
}

/** The pods of the gateway: those that its Service selects, else those of its Deployment. Throws `gateway-without-pods`. */
function gatewaySelector({ service, deployment }: FoundGateway): Readonly<Record<string, string>> {
  if (service !== undefined && !madeByMeshx(service)) {
    const selector = textMapping(reachOf(service).selector);
    if (Object.keys(selector).length > 0) return selector;
    throw clusterProblems.gatewayWithoutPods({ service: showRef(refOf(service)) });
  }
  const spec = mapping(deployment?.['spec']);
  const labels = textMapping(mapping(mapping(spec['template'])['metadata'])['labels']);
  const isUsual = Object.entries(GATEWAY_LABELS).every(([key, value]) => labels[key] === value);
  const selector = textMapping(mapping(spec['selector'])['matchLabels']);
  return isUsual || Object.keys(selector).length === 0 ? GATEWAY_LABELS : selector;
}

function refusePortless(gateway: KubeObject): void {
  const ports = reachOf(gateway).ports.map(({ port }) => port);
  if (ports.includes(15012)) return;
  const service = showRef(refOf(gateway));
  throw clusterProblems.gatewayPortMissing({ service, port: 15012, ports: ports.map(String) });
}

/** An external IP must be free: kube-proxy would take a node's own address away from it. */
async function refuseNodeAddress(kube: Kubernetes, given: string, signal?: AbortSignal): Promise<void> {
  const address = parseWorkloadIp(given);
  for (const node of await kube.list({ apiVersion: 'v1', kind: 'Node' }, signal)) {
    const own = list(mapping(node['status'])['addresses']).map((each) => mapping(each)['address']);
    if (own.includes(address)) throw clusterProblems.externalIpTaken({ address, node: node.metadata.name });
  }
}
