import { madeByMeshx, refOf, showRef, type KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text, textMapping } from '../../mesh/unknown.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { readOptional } from './deployment-version.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { reachOf } from './load-balancer.ts';
import { readDefaultConfig } from './mesh-config.ts';
import { configMapRef, revisionSuffix, serviceRef } from '../api/refs.ts';
import { dnsBalancers } from '../../mesh/classic/exposure.ts';
import { directExposure, GATEWAY_LABELS, gatewayExposure } from '../../mesh/current/exposure.ts';
import type { ExposeOptions } from './facts-options.ts';

/** What exposes istiod, and the cluster's DNS if requested. */
export async function currentExposureObjects(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  const { via, dnsTcp = false } = options;
  const provider = via.kind === 'loadbalancer' ? via.provider : 'none';
  return [...(await currentObjects(kube, options)), ...(options.dns ? dnsBalancers({ provider, dnsTcp }) : [])];
}

async function currentObjects(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]> {
  const { istioNamespace, via, clusterDomain = 'cluster.local' } = options;
  const suffix = revisionSuffix(options.revision);
  const wanted = { istioNamespace, via, clusterDomain, ...(suffix === '' ? {} : { revision: suffix.slice(1) }) };
  const istiod = await istiodHere(kube, options);
  const gateway = await findGateway(kube, options);
  const mode = options.mode ?? ((gateway.service ?? gateway.deployment) ? 'gateway' : 'direct');
  // The running Service selects istiod's pods.
  if (mode === 'direct') return directExposure({ ...wanted, selector: reachOf(istiod).selector });
  const isForeign = gateway.service !== undefined && !madeByMeshx(gateway.service);
  if (isForeign && gateway.service) refusePortless(gateway.service);
  return gatewayExposure({ ...wanted, ownService: !isForeign, selector: gatewaySelector(gateway) });
}

/** The Service of istiod. Throws `control-plane-elsewhere` if it selects no pods of this cluster. */
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

/**
 * Labels of the gateway's pods: those that its Service selects, else those of its Deployment. Throws
 * `gateway-without-pods`.
 */
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
