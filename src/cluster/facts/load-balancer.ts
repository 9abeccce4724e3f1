import type { Provider } from '../../mesh/exposure.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { poll } from '../api/poll.ts';
import type { Waiting } from './facts-options.ts';
import { readNodes } from './node-addresses.ts';

export interface BalancerPort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
  readonly nodePort?: number;
  readonly targetPort?: number | string;
}

/** How a Service is reached from outside. */
export interface Reach {
  readonly type: string;
  readonly clusterIp: string;
  /** IP addresses of status.loadBalancer, then spec.externalIPs. */
  readonly addresses: readonly string[];
  /** IP addresses of status.loadBalancer alone. */
  readonly balancers: readonly string[];
  /** spec.externalIPs. */
  readonly externalIps: readonly string[];
  /** Host names of status.loadBalancer. */
  readonly hostnames: readonly string[];
  readonly ports: readonly BalancerPort[];
  readonly selector: Readonly<Record<string, unknown>>;
}

/** Reads status and spec of a Service. Missing fields are empty. */
export function reachOf(service: KubeObject): Reach {
  const spec = mapping(service['spec']);
  const ingress = list(mapping(mapping(service['status'])['loadBalancer'])['ingress']).map(mapping);
  const balancers = ingress.map((each) => text(each['ip'])).filter((ip) => ip !== undefined);
  const externalIps = list(spec['externalIPs']).filter((ip) => typeof ip === 'string');
  return {
    type: text(spec['type']) ?? 'ClusterIP',
    clusterIp: text(spec['clusterIP']) ?? '',
    addresses: [...new Set([...balancers, ...externalIps])],
    balancers,
    externalIps,
    hostnames: ingress.map((each) => text(each['hostname'])).filter((name) => name !== undefined),
    ports: list(spec['ports']).map(portOf),
    selector: mapping(spec['selector']),
  };
}

function portOf(value: unknown): BalancerPort {
  const port = mapping(value);
  const target = port['targetPort'];
  return {
    name: text(port['name']) ?? '',
    port: typeof port['port'] === 'number' ? port['port'] : Number.NaN,
    protocol: text(port['protocol']) ?? 'TCP',
    ...(typeof port['nodePort'] === 'number' ? { nodePort: port['nodePort'] } : {}),
    ...(typeof target === 'number' || typeof target === 'string' ? { targetPort: target } : {}),
  };
}

/** Whether a Service still waits for an address. ClusterIP and NodePort never do. */
export function isPending(reach: Reach): boolean {
  return reach.type === 'LoadBalancer' && reach.addresses.length === 0 && reach.hostnames.length === 0;
}

/** Clouds need a minute or two; a later note says how long it has been. */
const REMIND_MS = 30_000;

/** Reads until no Service waits for an address or the time is over. Notes the waiting ones when they change, and every 30 s. */
export function waitForAddresses<Seen>(
  read: () => Promise<Seen>,
  waiting: (seen: Seen) => readonly string[],
  { wait = { timeoutMs: 0 }, signal }: { readonly wait?: Waiting; readonly signal?: AbortSignal },
): Promise<Seen> {
  const { timeoutMs, intervalMs = 1000 } = wait;
  const [began, most] = [performance.now(), Math.round(timeoutMs / 1000)];
  let [last, noted] = ['', began];
  const done = (seen: Seen): boolean => {
    const [services, now] = [waiting(seen).join(', '), performance.now()];
    if (services !== '' && (services !== last || now - noted >= REMIND_MS)) {
      const since = services === last ? `${Math.round((now - began) / 1000)} s of ${most} s` : `for at most ${most} s`;
      wait.note?.(`waiting for an address of ${services}, ${since}`);
      noted = now;
    }
    last = services;
    return services === '';
  };
  const what = 'wait for addresses of load balancers';
  return poll(read, done, { timeoutMs, intervalMs, what, ...present({ signal }) });
}

const BY_SCHEME: Readonly<Record<string, Provider>> = { gce: 'gcp', azure: 'azure', aws: 'aws' };

/** The cloud in the nodes' spec.providerID (`gce://…`); `none` when they name no known one. */
export async function detectProvider(kube: Kubernetes, signal?: AbortSignal): Promise<Provider> {
  return providerOf(await readNodes(kube, signal));
}

export function providerOf(nodes: readonly KubeObject[]): Provider {
  const ids = nodes.map((node) => text(mapping(node['spec'])['providerID']) ?? '');
  const known = ids.map((id) => BY_SCHEME[/^([a-z]+):\/\//.exec(id)?.[1] ?? '']);
  return known.find((provider) => provider !== undefined) ?? 'none';
}
