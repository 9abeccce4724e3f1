import { refOf, showRef, type KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import type { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { addressNature } from './address-nature.ts';
import type { Waiting } from './facts-options.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { isPending, reachOf, waitForAddresses, type BalancerPort } from './load-balancer.ts';
import { serviceRef } from '../api/refs.ts';

export interface StatusOptions {
  readonly istioNamespace: string;
  readonly now: Date;
  readonly wait?: Waiting;
  readonly signal?: AbortSignal;
}

/** One Service, as `kubectl get services` shows it. Missing values are null. */
export interface ExposureRow {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly clusterIp: string | null;
  /** Addresses or host names. */
  readonly externalIps: readonly string[];
  /** It has no address yet. */
  readonly pending: boolean;
  readonly ports: readonly ExposedPort[];
  readonly ageSeconds: number | null;
  /** True for a Service by which VMs reach the control plane. */
  readonly expansion: boolean;
}

interface ExposedPort {
  readonly name: string | null;
  readonly port: number;
  readonly nodePort: number | null;
  readonly protocol: string;
}

export interface ExposureStatus {
  readonly rows: readonly ExposureRow[];
  /** Empty when every load balancer has a usable address and an endpoint. */
  readonly problems: readonly Problem[];
}

/** Services by which VMs reach a control plane of either generation. */
const EXPANSION =
  /^(istio-pilot-ilb|mixer-ilb|istio-ca-ilb|citadel-ilb|dns-ilb(-tcp)?|istiod.*-ilb|istio-eastwestgateway)$/;

/** The Services of the control plane's namespace and the DNS load balancers of kube-system, in one table. */
export async function exposureStatus(kube: Kubernetes, options: StatusOptions): Promise<ExposureStatus> {
  const services = await waitForAddresses(() => readServices(kube, options), pendingOf, options);
  const rows = services.map((service) => rowOf(service, options.now));
  return { rows, problems: await problemsOf(kube, services, options.signal) };
}

async function readServices(kube: Kubernetes, options: StatusOptions): Promise<readonly KubeObject[]> {
  const { istioNamespace: namespace, signal } = options;
  const [own, ...dns] = await Promise.all([
    kube.list({ apiVersion: 'v1', kind: 'Service', namespace }, signal),
    kube.get(serviceRef('kube-system', 'dns-ilb'), signal),
    kube.get(serviceRef('kube-system', 'dns-ilb-tcp'), signal),
  ]);
  return [...own, ...dns.filter((service) => service !== undefined)];
}

function pendingOf(services: readonly KubeObject[]): readonly string[] {
  return services.filter((service) => isPending(reachOf(service))).map((service) => showRef(refOf(service)));
}

async function problemsOf(
  kube: Kubernetes,
  services: readonly KubeObject[],
  signal?: AbortSignal,
): Promise<readonly Problem[]> {
  const pending = pendingOf(services);
  const expansion = services.filter((service) => EXPANSION.test(service.metadata.name));
  const open = expansion.flatMap((service) => {
    const address = reachOf(service).addresses.find((each) => addressNature(each) === 'public');
    return address === undefined
      ? []
      : [clusterProblems.loadBalancerPublic({ service: showRef(refOf(service)), address })];
  });
  const empty = await Promise.all(expansion.map((service) => hasNoEndpoints(kube, service, signal)));
  const unused = expansion.filter((_service, index) => empty[index]);
  return [
    ...(pending.length > 0 ? [clusterProblems.loadBalancerPending({ cluster: kube.name, services: pending })] : []),
    ...open,
    ...unused.map((service) => clusterProblems.loadBalancerEmpty({ service: showRef(refOf(service)) })),
  ];
}

/** A Service in the wrong namespace has an address and selects no pods. */
async function hasNoEndpoints(kube: Kubernetes, service: KubeObject, signal?: AbortSignal): Promise<boolean> {
  if (!kube.live) return false;
  const { name, namespace = 'default' } = service.metadata;
  const labelSelector = `kubernetes.io/service-name=${name}`;
  const query = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace, labelSelector };
  const slices = await kube.list(query, signal);
  if (slices.some((slice) => list(slice['endpoints']).length > 0)) return false;
  // Kubernetes before 1.21 has Endpoints only.
  const endpoints = await kube.get({ apiVersion: 'v1', kind: 'Endpoints', namespace, name }, signal);
  return list(endpoints?.['subsets']).every((subset) => list(mapping(subset)['addresses']).length === 0);
}

function rowOf(service: KubeObject, now: Date): ExposureRow {
  const reach = reachOf(service);
  const { name, namespace = 'default' } = service.metadata;
  const created = service.metadata['creationTimestamp'];
  const age = typeof created === 'string' ? Math.floor((now.getTime() - Date.parse(created)) / 1000) : Number.NaN;
  return {
    namespace,
    name,
    type: reach.type,
    clusterIp: reach.clusterIp === '' || reach.clusterIp === 'None' ? null : reach.clusterIp,
    externalIps: [...reach.addresses, ...reach.hostnames],
    pending: isPending(reach),
    ports: reach.ports.map(portOf),
    ageSeconds: Number.isFinite(age) ? Math.max(0, age) : null,
    expansion: EXPANSION.test(name),
  };
}

function portOf({ name, port, nodePort, protocol }: BalancerPort): ExposedPort {
  return { name: name === '' ? null : name, port, nodePort: nodePort ?? null, protocol };
}

/** A row as kubectl prints it. */
export function exposureCells(row: ExposureRow): readonly string[] {
  const { namespace, name, type, clusterIp, externalIps, pending, ports, ageSeconds } = row;
  const external = externalIps.length > 0 ? externalIps.join(',') : pending ? '<pending>' : '<none>';
  const age = ageSeconds === null ? '<unknown>' : formatAge(ageSeconds * 1000);
  // kubectl prints None for a headless Service.
  const cluster = clusterIp ?? (type === 'ExternalName' ? '<none>' : 'None');
  return [namespace, name, type, cluster, external, ports.map(formatPort).join(','), age];
}

function formatPort({ port, nodePort, protocol }: ExposedPort): string {
  return `${port}${nodePort === null ? '' : `:${nodePort}`}/${protocol}`;
}

/** In one unit, as kubectl prints it: 45s, 12m, 3h, 5d. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (!Number.isFinite(seconds)) return '<unknown>';
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
