import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { type BalancerPort, reachOf } from '../../cluster/facts/load-balancer.ts';
import { readNodes } from '../../cluster/facts/node-addresses.ts';
import { outsideAddress } from '../../cluster/facts/outside-address.ts';
import { hostPort } from '../../mesh/address.ts';
import { type GatewayRoute, gatewaySelector } from '../../mesh/gateway-route.ts';
import { type KubeObject, refOf, showRef } from '../../mesh/kube-object.ts';
import { textMapping } from '../../mesh/unknown.ts';
import type { PodProxy } from './pod-lines.ts';

/** What leads to a gateway from outside, or what is missing. */
export type GatewayAddress =
  | { readonly authority: string; readonly service: string; readonly pods: readonly PodProxy[] }
  | { readonly missing: string; readonly hint?: string };

interface Place {
  readonly istioNamespace: string;
  readonly signal: AbortSignal;
}

/** The address and port at which a server of a Gateway is reached from outside, and the pods behind it. */
export async function gatewayAddress(
  kube: Kubernetes,
  { server }: Pick<GatewayRoute, 'server'>,
  { istioNamespace, signal }: Place,
): Promise<GatewayAddress> {
  const { gateway, port } = server;
  const selector = Object.entries(gatewaySelector(gateway));
  const namespaces = [...new Set([istioNamespace, gateway.metadata.namespace ?? 'default', 'istio-ingress'])];
  const services = (
    await Promise.all(
      namespaces.map((namespace) => kube.list({ apiVersion: 'v1', kind: 'Service', namespace }, signal)),
    )
  ).flat();
  const own = services.filter((service) => {
    const labels = textMapping(reachOf(service).selector);
    return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
  });
  const name = showRef(refOf(gateway));
  if (own.length === 0)
    return { missing: `no Service of ${namespaces.join(', ')} leads to the pods of ${name} (${words(selector)})` };
  const found = await Promise.all(own.map((service) => authorityOf(kube, service, port, signal)));
  const index = found.findIndex((authority) => authority !== undefined);
  const [service, authority] = [own[index], found[index]];
  if (!service || authority === undefined)
    return {
      missing: `${own.map((each) => showRef(refOf(each))).join(', ')} has no address from outside for port ${port} of ${name}`,
      hint: 'See why: meshx gateway-url',
    };
  return { authority, service: showRef(refOf(service)), pods: await podsOf(kube, service, signal) };
}

function words(selector: readonly (readonly [string, string])[]): string {
  return selector.map(([key, value]) => `${key}=${value}`).join(',') || 'it has no selector';
}

async function authorityOf(
  kube: Kubernetes,
  service: KubeObject,
  port: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reach = reachOf(service);
  const chosen =
    reach.ports.find(({ targetPort, port: own }) => (targetPort ?? own) === port) ?? byNumber(reach.ports, port);
  const nodes = reach.addresses.length + reach.hostnames.length > 0 ? [] : await readNodes(kube, signal);
  const outside = outsideAddress({ reach, nodes });
  const [host] = outside?.hosts ?? [];
  const number = outside?.way === 'NodePort' ? chosen?.nodePort : chosen?.port;
  return host === undefined || number === undefined ? undefined : hostPort(host, number);
}

/** A target port by name: the number of the Service is often that of the Gateway. */
function byNumber(ports: readonly BalancerPort[], port: number): BalancerPort | undefined {
  return ports.find((each) => each.port === port);
}

async function podsOf(kube: Kubernetes, service: KubeObject, signal: AbortSignal): Promise<readonly PodProxy[]> {
  const namespace = service.metadata.namespace ?? 'default';
  const labelSelector = words(Object.entries(textMapping(reachOf(service).selector)));
  const pods = await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace, labelSelector }, signal);
  return pods.map(({ metadata: { name } }) => ({ kube, namespace, pod: name, role: 'client' as const }));
}
