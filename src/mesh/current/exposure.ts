import { MANAGED_BY, type KubeObject } from '../kube-object.ts';
import { INTERNAL, type Via } from '../exposure.ts';

export interface CurrentExposure {
  readonly istioNamespace: string;
  /** Without its dash; absent for the default revision. */
  readonly revision?: string;
  readonly via: Via;
  readonly clusterDomain: string;
}

export interface GatewayExposure extends CurrentExposure {
  /** meshx makes the Service of the gateway; another owner's is used unchanged. */
  readonly ownService: boolean;
  /** Labels of the gateway's pods. */
  readonly selector: Readonly<Record<string, string>>;
}

const NETWORKING = 'networking.istio.io/v1';
/** Labels of an east-west gateway's pods in Istio's charts and samples. */
export const GATEWAY_LABELS: Readonly<Record<string, string>> = { istio: 'eastwestgateway' };

/**
 * Exposes istiod through an east-west gateway: its Service, and a Gateway with a VirtualService that pass TLS through.
 * TLS ends at istiod, which checks the VM's certificate.
 */
export function gatewayExposure(wanted: GatewayExposure): readonly KubeObject[] {
  return [...(wanted.ownService ? [gatewayService(wanted)] : []), gateway(wanted), virtualService(wanted)];
}

/** Exposes istiod directly by one Service, for clusters without a gateway. */
export function directExposure(
  wanted: CurrentExposure & { readonly selector: Readonly<Record<string, unknown>> },
): readonly KubeObject[] {
  const name = `istiod${suffix(wanted)}-ilb`;
  const spec = { ...reach(wanted.via), selector: wanted.selector, ports: [tcp('tls-istiod', 15012)] };
  return [{ apiVersion: 'v1', kind: 'Service', metadata: metadata(wanted, name, annotations(wanted.via)), spec }];
}

function gatewayService(wanted: GatewayExposure): KubeObject {
  const ports = [tcp('status-port', 15021), tcp('tls', 15443), tcp('tls-istiod', 15012), tcp('tls-webhook', 15017)];
  const own = metadata(wanted, 'istio-eastwestgateway', annotations(wanted.via));
  const labels = { ...own.labels, ...GATEWAY_LABELS };
  const spec = { ...reach(wanted.via), selector: wanted.selector, ports };
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...own, labels }, spec };
}

function gateway(wanted: GatewayExposure): KubeObject {
  const servers = [
    { port: { name: 'tls-istiod', number: 15012, protocol: 'TLS' }, tls: { mode: 'PASSTHROUGH' }, hosts: ['*'] },
    { port: { name: 'tls-istiodwebhook', number: 15017, protocol: 'TLS' }, tls: { mode: 'PASSTHROUGH' }, hosts: ['*'] },
  ];
  const spec = { selector: wanted.selector, servers };
  return {
    apiVersion: NETWORKING,
    kind: 'Gateway',
    metadata: metadata(wanted, `istiod-gateway${suffix(wanted)}`),
    spec,
  };
}

/** Routes by SNI for a revision, so that several revisions share a gateway. */
function virtualService(wanted: GatewayExposure): KubeObject {
  const { istioNamespace: namespace, clusterDomain } = wanted;
  const istiod = `istiod${suffix(wanted)}.${namespace}.svc`;
  const sniHosts = wanted.revision === undefined ? ['*'] : [istiod];
  const route = (from: number, to: number): Readonly<Record<string, unknown>> => ({
    match: [{ port: from, sniHosts }],
    route: [{ destination: { host: `${istiod}.${clusterDomain}`, port: { number: to } } }],
  });
  const gateways = [`istiod-gateway${suffix(wanted)}`];
  const spec = { hosts: sniHosts, gateways, tls: [route(15012, 15012), route(15017, 443)] };
  return {
    apiVersion: NETWORKING,
    kind: 'VirtualService',
    metadata: metadata(wanted, `istiod-vs${suffix(wanted)}`),
    spec,
  };
}

function metadata(
  wanted: CurrentExposure,
  name: string,
  notes: Readonly<Record<string, string>> = {},
): KubeObject['metadata'] {
  const annotated = Object.keys(notes).length > 0 ? { annotations: notes } : {};
  return { name, namespace: wanted.istioNamespace, labels: MANAGED_BY, ...annotated };
}

function annotations(via: Via): Readonly<Record<string, string>> {
  return via.kind === 'loadbalancer' ? INTERNAL[via.provider] : {};
}

function reach(via: Via): Readonly<Record<string, unknown>> {
  if (via.kind === 'external-ip') return { type: 'ClusterIP', externalIPs: [via.address] };
  return { type: via.kind === 'nodeport' ? 'NodePort' : 'LoadBalancer' };
}

function tcp(name: string, port: number): Readonly<Record<string, unknown>> {
  return { name, port, targetPort: port, protocol: 'TCP' };
}

function suffix({ revision }: CurrentExposure): string {
  return revision === undefined ? '' : `-${revision}`;
}
