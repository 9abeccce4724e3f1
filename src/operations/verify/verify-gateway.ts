import type { Result } from '../../checks/check.ts';
import { judgeRequest } from '../../checks/verify/judge-request.ts';
import { judgeUnknownPath } from '../../checks/verify/unknown-path.ts';
import type { VerifyGroup, VerifyReport } from '../../checks/verify/report.ts';
import type { Expected } from '../../checks/verify/request-seen.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import {
  type GatewayRoute,
  gatewayRoutes,
  gatewaySelector,
  type GatewayServer,
  serversOf,
  usesGateway,
} from '../../mesh/gateway-route.ts';
import { type KubeObject, refOf, showRef } from '../../mesh/kube-object.ts';
import { list, mapping } from '../../mesh/unknown.ts';
import type { WebRequest } from '../../mesh/web-request.ts';
import { type GatewayAddress, gatewayAddress } from './gateway-way.ts';
import { observeRequest } from './observe.ts';
import { sendFrom } from './places.ts';
import { tryUnknownPath } from './try-unknown-path.ts';

export interface GatewayOptions {
  readonly kube: Kubernetes;
  readonly namespace: string;
  readonly istioNamespace: string;
  /** Name of the only Gateway. */
  readonly name?: string;
  readonly request: Omit<WebRequest, 'url'>;
  readonly path?: string;
  readonly expected: Expected;
  readonly signal: AbortSignal;
}

const verdict = { category: 'exposure', severity: 'error', ms: 0 } as const;

/** Whether a gateway maps a path to a route, has an address, and what it answers. A part that is missing is named; what follows is skipped. */
export async function verifyGateway(options: GatewayOptions): Promise<VerifyReport> {
  const start = performance.now();
  const { kube, namespace, name, signal } = options;
  const listed = (kind: string) => kube.list({ apiVersion: NETWORKING, kind, namespace }, signal);
  const [all, virtualServices] = await Promise.all([listed('Gateway'), listed('VirtualService')]);
  const gateways = all.filter(({ metadata }) => name === undefined || metadata.name === name);
  const groups: VerifyGroup[] = [];
  if (gateways.length === 0) groups.push(withoutGateway(options));
  for (const gateway of gateways) groups.push(...(await groupsOf(gateway, virtualServices, options)));
  const subject = `gateway ${name === undefined ? `of namespace ${namespace}` : `${namespace}/${name}`}`;
  return { subject, groups, ms: Math.round(performance.now() - start) };
}

const GATEWAY = { ...verdict, id: 'gateway-object', title: 'there is a Gateway with a server for HTTP' };
const ROUTE = { ...verdict, id: 'gateway-route', title: 'a VirtualService leads from the Gateway to a service' };
const ADDRESS = { ...verdict, id: 'gateway-address', title: 'the Gateway has an address from outside' };
const ANSWER = { ...verdict, id: 'request-answered', title: 'the request is answered' };

function withoutGateway({ namespace, name }: GatewayOptions): VerifyGroup {
  const detail = name === undefined ? `namespace ${namespace} has none` : `${namespace}/${name} does not exist`;
  const hint = `Services of a cluster cannot be reached from outside until a Gateway and a VirtualService map a path to a route; list those of all namespaces: kubectl get gateways.networking.istio.io -A`;
  return {
    title: `Gateway in ${namespace}`,
    results: [{ ...GATEWAY, ok: false, detail, hint }, ...skipped([ROUTE, ADDRESS, ANSWER], 'there is no Gateway')],
  };
}

function skipped(verdicts: readonly Omit<Result, 'ok' | 'detail'>[], detail: string): readonly Result[] {
  return verdicts.map((each) => ({ ...each, ok: 'skipped', detail }));
}

async function groupsOf(
  gateway: KubeObject,
  virtualServices: readonly KubeObject[],
  options: GatewayOptions,
): Promise<readonly VerifyGroup[]> {
  const title = showRef(refOf(gateway));
  const servers = serversOf(gateway);
  const http = servers.filter(({ protocol }) => protocol === 'HTTP' || protocol === 'HTTPS');
  const shown = servers
    .map(({ port, protocol, hosts }) => `${protocol} ${port} for ${hosts.join(', ') || 'no host'}`)
    .join('; ');
  if (http.length === 0) {
    const detail = `it has ${shown || 'no server'}, which meshx sends no request to`;
    return [{ title, results: [...skipped([GATEWAY, ROUTE, ADDRESS, ANSWER], detail)] }];
  }
  const found: Result = { ...GATEWAY, ok: true, detail: shown };
  const routes = gatewayRoutes(virtualServices, [gateway], undefined);
  if (routes.length === 0)
    return [
      {
        title,
        results: [
          found,
          noRoute(gateway, virtualServices),
          ...skipped([ADDRESS, ANSWER], 'no VirtualService leads to a service'),
        ],
      },
    ];
  return await Promise.all(routes.map((route) => routeGroup(route, { found, virtualServices }, options)));
}

function noRoute(gateway: KubeObject, virtualServices: readonly KubeObject[]): Result {
  const bound = virtualServices.filter((each) => usesGateway(each, gateway));
  const detail =
    bound.length > 0
      ? `${bound.map((each) => showRef(refOf(each))).join(', ')} has no http route with a destination`
      : `no VirtualService of the namespace names ${gateway.metadata.name} in spec.gateways`;
  return {
    ...ROUTE,
    ok: false,
    detail,
    hint: 'Write one with spec.gateways, spec.hosts and an http route; the form: kubectl explain virtualservice.spec',
  };
}

interface Found {
  readonly found: Result;
  readonly virtualServices: readonly KubeObject[];
}

async function routeGroup(
  route: GatewayRoute,
  { found, virtualServices }: Found,
  options: GatewayOptions,
): Promise<VerifyGroup> {
  const { kube, istioNamespace, request, expected, signal } = options;
  const { virtualService, server } = route;
  const path = options.path ?? route.path;
  const name = showRef(refOf(virtualService));
  const leads: Result = {
    ...ROUTE,
    ok: true,
    detail: `${name}: ${route.host ?? '*'}${path} to ${destinations(virtualService)}`,
  };
  const title = `${showRef(refOf(server.gateway))}, ${name}`;
  const at = await gatewayAddress(kube, route, { istioNamespace, signal });
  if ('missing' in at) return { title, results: [found, leads, ...withoutAddress(at, server)] };
  const reached: Result = { ...ADDRESS, ok: true, detail: `${at.authority} (${at.service})` };
  const scheme = server.protocol === 'HTTPS' ? 'https' : 'http';
  const host = route.host === undefined ? [] : [['host', route.host] as const];
  const whole = { ...request, url: `${scheme}://${at.authority}${path}`, headers: [...host, ...request.headers] };
  const client = { kind: 'gateway', name: 'the gateway' } as const;
  const send = (marked: WebRequest) => sendFrom({ kind: 'here' }, marked, signal);
  const seen = await observeRequest(whole, send, { client, watched: { pods: at.pods }, expected, signal });
  const bound = virtualServices.filter((each) => usesGateway(each, server.gateway));
  const unknown = judgeUnknownPath(await tryUnknownPath(whole, { reply: seen.reply, bound, send }));
  return {
    title: `${title}: ${request.method} ${whole.url}`,
    results: [found, leads, reached, ...judgeRequest(seen), unknown],
    seen,
  };
}

function withoutAddress(
  { missing, hint }: Extract<GatewayAddress, { missing: string }>,
  { gateway }: GatewayServer,
): readonly Result[] {
  const labels = Object.entries(gatewaySelector(gateway)).map(([key, value]) => `${key}=${value}`);
  const compare = `Compare with the labels of the gateway's pods: kubectl get pods -A -l ${labels.join(',')}`;
  const address: Result = { ...ADDRESS, ok: false, detail: missing, hint: hint ?? compare };
  return [address, ...skipped([ANSWER], 'the Gateway has no address')];
}

function destinations(virtualService: KubeObject): string {
  const rules = list(mapping(virtualService['spec'])['http']).map(mapping);
  const hosts = rules.flatMap((rule) =>
    list(rule['route']).map((each) => mapping(mapping(mapping(each)['destination']))['host']),
  );
  return [...new Set(hosts.filter((host) => typeof host === 'string'))].join(', ');
}
