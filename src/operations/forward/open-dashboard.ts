import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { revisionSuffix, serviceRef } from '../../cluster/api/refs.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { viewProblems } from '../../problems/views.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import {
  DASHBOARD_NAMES,
  type DashboardName,
  dashboardOf,
  type ListedDashboard,
  listDashboards,
} from './dashboards.ts';
import { type Forward, forward, type Forwarding } from './forward.ts';
import { type ListenAddress, listenAddress } from './own-address.ts';
import { openPods } from './pod-target.ts';

/** The page of a proxy's or istiod's own interface. */
const ENVOY_PORT = 15000;
const CONTROLZ_PORT = 9876;

export type Page =
  | { readonly kind: 'addon'; readonly name: DashboardName }
  | { readonly kind: 'controlz' }
  | { readonly kind: 'envoy'; readonly vm: string; readonly machine: MachineOptions };

export interface DashboardOptions {
  readonly cluster: ClusterOptions;
  readonly listen: ListenAddress;
  /** On this machine; the page's own, or any free one, when absent. */
  readonly port?: number;
  readonly timeoutMs: number;
}

type Started = (forward: Forward) => Promise<void> | void;

/** Forwards a page until the run is stopped. Throws `dashboard-missing`, `dashboard-needs-channel` and Problems of `forward`. */
export async function openDashboard(
  world: World,
  page: Page,
  options: DashboardOptions,
  started: Started,
): Promise<void> {
  if (page.kind === 'envoy') return await openEnvoy(world, page, options, started);
  const { kube, facts } = await openCluster(world, options.cluster, options.cluster.facts.istioNamespace);
  const name = page.kind === 'addon' ? page.name : 'istiod';
  const { service, port, path } =
    page.kind === 'addon'
      ? dashboardOf(page.name)
      : { service: `istiod${revisionSuffix(facts.revision)}`, port: CONTROLZ_PORT, path: '' };
  const ref = serviceRef(facts.istioNamespace, service);
  const found = await kube.get(ref, world.signal);
  if (found === undefined) throw viewProblems.dashboardMissing({ name, service: showRef(ref) });
  if (page.kind === 'addon') await noteMissing(kube, page.name, { ...world, namespace: facts.istioNamespace });
  const { timeoutMs } = options;
  const { open } = await openPods(kube, { service: found, port }, { ...world, timeoutMs });
  await forward(world, await forwarding(kube, options, { what: name, open, port, path }), started);
}

async function openEnvoy(
  world: World,
  { vm, machine }: Extract<Page, { kind: 'envoy' }>,
  options: DashboardOptions,
  started: Started,
): Promise<void> {
  await using host = await openMachine(world, machine, vm);
  const { link } = host;
  if (link === undefined) throw viewProblems.dashboardNeedsChannel({ vm, port: ENVOY_PORT });
  // Bound to loopback of the VM, and never opened to the network.
  const open = () => link.open('127.0.0.1', ENVOY_PORT);
  const about = { what: `Envoy of ${vm}`, open, port: ENVOY_PORT, path: '' };
  await forward(world, await forwarding(undefined, options, about), started);
}

async function forwarding(
  kube: Kubernetes | undefined,
  { listen, port }: Pick<DashboardOptions, 'listen' | 'port'>,
  { path, port: own, ...about }: Pick<Forwarding, 'what' | 'open'> & { readonly port: number; readonly path: string },
): Promise<Forwarding> {
  const server =
    listen.kind === 'route' ? (await kube?.apiServer?.())?.server.hostname.replace(/^\[|\]$/g, '') : undefined;
  const address = await listenAddress(listen, server);
  return { ...about, address, port: port ?? own, otherPort: port === undefined, http: { scheme: 'http', path } };
}

interface Noting extends Pick<World, 'note' | 'signal'> {
  readonly namespace: string;
}

/** Kiali and Grafana start without Prometheus, and then show nothing. */
async function noteMissing(kube: Kubernetes, name: DashboardName, { note, signal, namespace }: Noting): Promise<void> {
  const { needs } = dashboardOf(name);
  if (needs === undefined || (await kube.get(serviceRef(namespace, needs), signal)) !== undefined) return;
  note(`note: ${name} shows metrics of ${needs}, and Service ${namespace}/${needs} does not exist`);
}

/** Which add-ons the mesh has. Only reads. */
export async function readDashboards(world: World, cluster: ClusterOptions): Promise<readonly ListedDashboard[]> {
  const { kube, facts } = await openCluster(world, cluster, cluster.facts.istioNamespace);
  return await listDashboards(kube, facts.istioNamespace, world.signal);
}

export const PAGES = [...DASHBOARD_NAMES, 'envoy', 'controlz'] as const;
