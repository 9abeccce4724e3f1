import { judgeRegistered } from '../../checks/verify/registered.ts';
import { judgeRequest } from '../../checks/verify/judge-request.ts';
import type { VerifyGroup, VerifyReport } from '../../checks/verify/report.ts';
import type { Expected } from '../../checks/verify/request-seen.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { nodeAddresses, readNodes } from '../../cluster/facts/node-addresses.ts';
import type { Host } from '../../host/run/host.ts';
import { hostPort } from '../../mesh/address.ts';
import { gatewayRoutes } from '../../mesh/gateway-route.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { WebRequest } from '../../mesh/web-request.ts';
import { present } from '../../present.ts';
import { gatewayAddress } from './gateway-way.ts';
import type { PodPlace } from './places.ts';
import { ownEndpoints } from './own-endpoints.ts';
import type { ServiceFacts, ServicePortFacts } from './service-facts.ts';
import { speaksHttp, tryWay, type Way } from './service-ways.ts';

/** The VM that serves: connected, or why it is not watched. */
export type Server = { readonly host: Host } | { readonly unwatched: string };

export interface ServiceOptions {
  readonly kube: Kubernetes;
  readonly service: ServiceFacts;
  readonly istioNamespace: string;
  readonly server: Server;
  /** A pod that calls it, or why none does. */
  readonly pod: PodPlace | { readonly missing: string };
  readonly request: Omit<WebRequest, 'url'>;
  /** Of HTTP. */
  readonly path?: string;
  readonly expected: Expected;
  readonly signal: AbortSignal;
}

/** Tries each port of a service by each way, one after the other: each counts in the same proxies. */
export async function verifyService(options: ServiceOptions): Promise<VerifyReport> {
  const start = performance.now();
  const { service, server, signal, path } = options;
  const own = 'host' in server ? await ownEndpoints({ service, host: server.host, signal, ...present({ path }) }) : [];
  const groups: VerifyGroup[] = [
    {
      title: `${service.host} (${service.clusterIp || 'no cluster IP'})`,
      results: [...judgeRegistered(service, 'host' in server ? { watched: server.host.name } : server), ...own],
    },
  ];
  for (const port of service.ports)
    for (const way of await waysOf(port, options)) groups.push(await groupOf(way, port, options));
  const subject = `service ${service.namespace}/${service.name}`;
  return { subject, groups, ms: Math.round(performance.now() - start) };
}

const ANSWERED = {
  category: 'traffic',
  severity: 'error',
  ms: 0,
  id: 'request-answered',
  title: 'the request is answered',
} as const;

async function groupOf(way: Way, port: ServicePortFacts, options: ServiceOptions): Promise<VerifyGroup> {
  const title = `port ${port.port.number}, ${way.name}`;
  const skipped = (detail: string): VerifyGroup => ({
    title,
    results: [{ ...ANSWERED, ok: 'skipped', detail }],
  });
  if (way.skipped !== undefined) return skipped(way.skipped);
  const server = 'host' in options.server ? options.server.host : undefined;
  const { service, request, expected, signal } = options;
  const seen = await tryWay(way, { service, port, request, expected, signal, ...present({ server }) });
  return {
    title: `${title}: ${speaksHttp(port) ? `${request.method} ` : ''}${seen.request?.url ?? way.authority}`,
    results: judgeRequest(seen),
    seen,
  };
}

async function waysOf(port: ServicePortFacts, options: ServiceOptions): Promise<readonly Way[]> {
  const { service, server, path } = options;
  const { insideMesh, outsideMesh } = port.security ?? {};
  const [endpoint] = port.endpoints;
  const here = { place: { kind: 'here' } as const, ...present({ path, meeting: outsideMesh }) };
  const direct: Way = { ...here, name: 'directly from this machine', authority: endpoint ?? '' };
  const name = hostPort(service.host, port.port.number);
  const fromVm = { name: 'from the VM', authority: name, ...present({ path, meeting: insideMesh }) };
  return [
    endpoint === undefined ? { ...direct, skipped: 'no VM is registered for the port' } : direct,
    await nodePortWay(port, options),
    await gatewayWay(port, options),
    'host' in server
      ? { ...fromVm, place: { kind: 'vm', host: server.host } }
      : { ...fromVm, place: { kind: 'here' }, skipped: server.unwatched },
    podWay(port, options, name),
  ];
}

function podWay(port: ServicePortFacts, { pod, path }: ServiceOptions, authority: string): Way {
  const way = { authority, ...present({ path, meeting: port.security?.insideMesh }) };
  if ('missing' in pod) return { ...way, name: 'from a pod', place: { kind: 'here' }, skipped: pod.missing };
  const proxy = { ...pod, role: 'client' } as const;
  const place = { kind: 'pod', ...pod } as const;
  return { ...way, name: `from Pod ${pod.namespace}/${pod.pod}`, place, pods: [proxy] };
}

/** Without kube-proxy's masquerade the node itself would be the client; either way it is outside the mesh. */
async function nodePortWay(port: ServicePortFacts, { kube, path, signal }: ServiceOptions): Promise<Way> {
  const outside = present({ path, meeting: port.security?.outsideMesh });
  const way: Way = { ...outside, name: 'by NodePort', place: { kind: 'here' }, authority: '' };
  if (port.nodePort === undefined) return { ...way, skipped: 'the Service has no NodePort for this port' };
  const [address] = nodeAddresses(await readNodes(kube, signal));
  if (address === undefined) return { ...way, skipped: `no ready node has an address for NodePort ${port.nodePort}` };
  return {
    ...way,
    name: `by NodePort ${port.nodePort} of node ${address}`,
    authority: hostPort(address, port.nodePort),
  };
}

async function gatewayWay(port: ServicePortFacts, options: ServiceOptions): Promise<Way> {
  const { kube, service, istioNamespace, path, signal } = options;
  const { namespace, name, host } = service;
  const client = { kind: 'gateway', name: 'the ingress gateway' } as const;
  const way: Way = { name: 'through the ingress gateway', place: { kind: 'here' }, client, authority: '' };
  if (!speaksHttp(port)) return { ...way, skipped: 'the port does not speak HTTP' };
  const namespaces = [...new Set([namespace, istioNamespace])];
  const listed = async (kind: string) =>
    (
      await Promise.all(namespaces.map((each) => kube.list({ apiVersion: NETWORKING, kind, namespace: each }, signal)))
    ).flat();
  const [virtualServices, gateways] = await Promise.all([listed('VirtualService'), listed('Gateway')]);
  const hosts = new Set([host, `${name}.${namespace}`, `${name}.${namespace}.svc`, name]);
  const [route] = gatewayRoutes(virtualServices, gateways, hosts).filter(({ server }) => server.protocol === 'HTTP');
  if (!route)
    return {
      ...way,
      skipped: 'no VirtualService of a Gateway leads to it',
    };
  const found = await gatewayAddress(kube, route, { istioNamespace, signal });
  if ('missing' in found) return { ...way, skipped: found.missing };
  const headers = route.host === undefined ? [] : [['host', route.host] as const];
  const meeting = port.security?.insideMesh;
  return {
    ...{ ...way, name: `through the ingress gateway (${found.service})`, authority: found.authority },
    ...{ headers, path: path ?? route.path, pods: found.pods },
    ...present({ meeting }),
  };
}
