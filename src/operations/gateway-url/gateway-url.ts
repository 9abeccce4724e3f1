import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import {
  isPending,
  reachOf,
  waitForAddresses,
  type BalancerPort,
  type Reach,
} from '../../cluster/facts/load-balancer.ts';
import { readNodes } from '../../cluster/facts/node-addresses.ts';
import {
  localCluster,
  type LocalCluster,
  type OutsideAddress,
  outsideAddress,
  pendingReason,
  type Way,
} from '../../cluster/facts/outside-address.ts';
import { hostPort } from '../../mesh/address.ts';
import { type ChosenPort, gatewayPort, type Scheme } from '../../mesh/gateway-port.ts';
import { type KubeObject, refOf, showRef } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import { viewProblems } from '../../problems/views.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import { findGatewayService } from './gateway-service.ts';

export interface GatewayUrlOptions {
  readonly cluster: ClusterOptions;
  readonly service?: string;
  readonly namespace?: string;
  /** Name or number of the port. */
  readonly port?: string;
  readonly https: boolean;
  /** Begins with a slash; empty for none. */
  readonly path: string;
}

export interface GatewayUrl {
  /** `Service istio-system/istio-ingressgateway`. */
  readonly service: string;
  readonly way: Way;
  readonly url: string;
  readonly scheme: Scheme;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The port for https on the same host, if there is one. */
  readonly securePort?: number;
  readonly ports: readonly OutsidePort[];
  /** The host is a machine of such a cluster: as a rule only that machine's own host reaches it. */
  readonly localCluster: LocalCluster | null;
  /** What the operator should know about the URL. */
  readonly notes: readonly string[];
}

interface OutsidePort {
  readonly name: string | null;
  readonly port: number;
  readonly nodePort: number | null;
}

/**
 * The URL of a gateway for clients outside the cluster. Only reads. Throws `gateway-missing`, `gateway-port-unknown`,
 * `gateway-not-reachable`, and Problems of reaching the cluster.
 */
export async function gatewayUrl(world: World, options: GatewayUrlOptions): Promise<GatewayUrl> {
  const { cluster, namespace, service: name } = options;
  const { kube, facts } = await openCluster(
    world,
    cluster,
    namespace ?? (name ? undefined : cluster.facts.istioNamespace),
  );
  const { istioNamespace, wait } = facts;
  const { signal } = world;
  const read = () => findGatewayService(kube, { istioNamespace, ...present({ service: name, namespace }) }, signal);
  const waiting = (found: KubeObject) => (isPending(reachOf(found)) ? [showRef(refOf(found))] : []);
  const service = await waitForAddresses(read, waiting, { signal, ...present({ wait }) });
  return await urlOf(kube, service, options, world);
}

async function urlOf(
  kube: Kubernetes,
  service: KubeObject,
  options: GatewayUrlOptions,
  { signal, now }: World,
): Promise<GatewayUrl> {
  const reach = reachOf(service);
  const shown = showRef(refOf(service));
  const chosen = gatewayPort(reach.ports, { https: options.https, ...present({ wanted: options.port }) });
  if (chosen === undefined) throw viewProblems.gatewayPortUnknown({ service: shown, ports: reach.ports.map(portName) });
  const nodes = reach.addresses.length + reach.hostnames.length > 0 ? [] : await readNodes(kube, signal);
  const answering = nodes.length > 0 ? await answeringNodes(kube, service, signal) : undefined;
  const pending = isPending(reach) ? pendingReason(service, nodes, now()) : undefined;
  const outside = outsideAddress({ reach, nodes, ...present({ answering }) });
  const port = outside && portAt(outside, chosen.port);
  if (outside === undefined || port === undefined)
    throw viewProblems.gatewayNotReachable({ service: shown, why: whyNot(reach, pending), ref: service.metadata });
  const local = outside.way === 'NodePort' ? localCluster(nodes) : undefined;
  return {
    service: shown,
    way: outside.way,
    ...addressed(outside, { chosen, port, path: options.path }),
    ...present({ securePort: securePort(reach, outside) }),
    ports: reach.ports.map(({ name, port: number, nodePort }) => ({
      name: name === '' ? null : name,
      port: number,
      nodePort: nodePort ?? null,
    })),
    localCluster: local ?? null,
    notes: [...(pending === undefined ? [] : [`${shown} has no address (${pending}): this is the NodePort of a node`])],
  };
}

function addressed(
  { hosts }: OutsideAddress,
  { chosen, port, path }: { readonly chosen: ChosenPort<BalancerPort>; readonly port: number; readonly path: string },
): Pick<GatewayUrl, 'url' | 'scheme' | 'host' | 'port'> {
  const [host = ''] = hosts;
  const { scheme } = chosen;
  const isDefault = port === (scheme === 'https' ? 443 : 80);
  const authority = isDefault ? hostPort(host, port).replace(/:\d+$/, '') : hostPort(host, port);
  return { url: `${scheme}://${authority}${path}`, scheme, host, port };
}

function portAt({ way }: OutsideAddress, { port, nodePort }: BalancerPort): number | undefined {
  return way === 'NodePort' ? nodePort : port;
}

function securePort({ ports }: Reach, outside: OutsideAddress): number | undefined {
  const secure = gatewayPort(ports, { https: true });
  return secure?.scheme === 'https' ? portAt(outside, secure.port) : undefined;
}

/** With `externalTrafficPolicy: Local` only the nodes of its pods answer. Undefined if all do, or if it cannot be read. */
async function answeringNodes(
  kube: Kubernetes,
  { spec, metadata: { name, namespace = 'default' } }: KubeObject,
  signal: AbortSignal,
): Promise<ReadonlySet<string> | undefined> {
  if (mapping(spec)['externalTrafficPolicy'] !== 'Local' || !kube.live) return undefined;
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const query = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace, labelSelector };
  const slices = await kube.list(query, signal);
  const ready = slices
    .flatMap((slice) => list(slice['endpoints']).map(mapping))
    .filter((endpoint) => mapping(endpoint['conditions'])['ready'] !== false);
  return new Set(ready.flatMap((endpoint) => text(endpoint['nodeName']) ?? []));
}

function whyNot({ type, ports }: Reach, pending: string | undefined): string {
  if (type === 'ExternalName') return 'it is an alias of another name (type ExternalName)';
  if (type === 'ClusterIP') return 'it is of type ClusterIP, which has no NodePort and no address outside the cluster';
  if (!ports.some(({ nodePort }) => nodePort !== undefined))
    return `${pending ?? 'it has no address'}; it has no NodePort`;
  return `${pending ?? 'it has no address of its own'}; no ready node that answers on its NodePort has an address`;
}

function portName({ name, port }: BalancerPort): string {
  return name === '' ? String(port) : `${name} (${port})`;
}
