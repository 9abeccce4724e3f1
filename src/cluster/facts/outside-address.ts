import { isIpAddress } from '../../mesh/address.ts';
import type { Provider } from '../../mesh/exposure.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping } from '../../mesh/unknown.ts';
import { providerOf, type Reach } from './load-balancer.ts';
import { nodeAddresses } from './node-addresses.ts';

/** By what a Service is reached from outside its cluster. */
export type Way = 'load balancer' | 'externalIPs' | 'NodePort';

/** The hosts of a Service for clients outside, in order of preference. */
export interface OutsideAddress {
  readonly way: Way;
  /** IP addresses without brackets, or DNS names. */
  readonly hosts: readonly string[];
}

/** What decides how a Service is reached. */
export interface OutsideFacts {
  readonly reach: Reach;
  /** Read only for a Service without an address of its own. */
  readonly nodes: readonly KubeObject[];
  /** Names of the nodes that answer on a NodePort; all nodes when absent. */
  readonly answering?: ReadonlySet<string>;
}

/**
 * Where clients outside reach a Service: the address or host name of its load balancer, else `spec.externalIPs`, else its
 * nodes. Undefined if nothing leads to it. Values that are neither an address nor a DNS name are left out.
 */
export function outsideAddress({ reach, nodes, answering }: OutsideFacts): OutsideAddress | undefined {
  const { balancers, externalIps, hostnames } = reach;
  const given = [...balancers, ...hostnames].filter(isHost);
  if (given.length > 0) return { way: 'load balancer', hosts: given };
  const external = externalIps.filter(isHost);
  if (external.length > 0) return { way: 'externalIPs', hosts: external };
  const isNodePort = reach.ports.some(({ nodePort }) => nodePort !== undefined);
  const hosts = isNodePort ? nodeAddresses(nodes.filter((node) => answers(node, answering))).filter(isHost) : [];
  return hosts.length > 0 ? { way: 'NodePort', hosts } : undefined;
}

function answers({ metadata }: KubeObject, answering: ReadonlySet<string> | undefined): boolean {
  return answering === undefined || answering.has(metadata.name);
}

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/i;

/** Whether the value can be part of a URL. */
function isHost(value: string): boolean {
  return isIpAddress(value) || NAME.test(value);
}

/** A cluster on one machine: its nodes are containers or virtual machines that, as a rule, only that machine reaches. */
export type LocalCluster = 'Minikube' | 'kind';

/** Recognised by the labels that Minikube gives its nodes, and by the providerID of kind's. */
export function localCluster(nodes: readonly KubeObject[]): LocalCluster | undefined {
  if (nodes.some(({ metadata }) => metadata.labels?.['minikube.k8s.io/name'] !== undefined)) return 'Minikube';
  const ids = nodes.map((node) => mapping(node['spec'])['providerID']);
  return ids.some((id) => typeof id === 'string' && id.startsWith('kind://')) ? 'kind' : undefined;
}

/** A cloud takes about this long for a new load balancer, in milliseconds. */
const USUAL_MS = 180_000;

/** Why a load balancer has no address, as far as the cluster shows it. */
export function pendingReason(service: KubeObject, nodes: readonly KubeObject[], now: Date): string {
  const provider: Provider = providerOf(nodes);
  const created = Date.parse(service.metadata.creationTimestamp ?? '');
  const age = now.getTime() - created;
  if (age < USUAL_MS) return `it was created ${Math.max(0, Math.floor(age / 1000))} s ago, and may get one soon`;
  const local = localCluster(nodes);
  if (local !== undefined) return `${local} gives no addresses by itself`;
  return provider === 'none'
    ? 'nothing in this cluster seems to give addresses: the nodes name no cloud'
    : `the load balancers of ${provider} gave none; see the events of the Service`;
}
