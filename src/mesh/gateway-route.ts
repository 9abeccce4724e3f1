import { present } from '../present.ts';
import type { KubeObject } from './kube-object.ts';
import { list, mapping, text, textMapping } from './unknown.ts';

/** One server of a Gateway. */
export interface GatewayServer {
  readonly gateway: KubeObject;
  /** The port on which the gateway's pods listen. */
  readonly port: number;
  readonly protocol: string;
  /** Without their namespaces. */
  readonly hosts: readonly string[];
}

/** How a gateway leads to a service. */
export interface GatewayRoute {
  readonly virtualService: KubeObject;
  readonly server: GatewayServer;
  /** Host that a client must name; absent where any will do. */
  readonly host?: string;
  /** A path that matches. */
  readonly path: string;
}

/** Whether a VirtualService is bound to a Gateway. */
export function usesGateway(virtualService: KubeObject, gateway: KubeObject): boolean {
  const { name, namespace = 'default' } = gateway.metadata;
  const names = list(mapping(virtualService['spec'])['gateways']);
  const isHere = (virtualService.metadata.namespace ?? 'default') === namespace;
  return names.includes(`${namespace}/${name}`) || (isHere && names.includes(name));
}

export function serversOf(gateway: KubeObject): readonly GatewayServer[] {
  return list(mapping(gateway['spec'])['servers'])
    .map(mapping)
    .flatMap((server) => {
      const port = mapping(server['port']);
      const number = port['number'];
      if (typeof number !== 'number') return [];
      const hosts = list(server['hosts']).flatMap((host) => text(host)?.replace(/^[^/]*\//, '') ?? []);
      return [{ gateway, port: number, protocol: (text(port['protocol']) ?? '').toUpperCase(), hosts }];
    });
}

/** The labels of the gateway's pods. */
export function gatewaySelector(gateway: KubeObject): Readonly<Record<string, string>> {
  return textMapping(mapping(gateway['spec'])['selector']);
}

/** The HTTP routes of gateways that lead to one of the hosts; to any destination without hosts. */
export function gatewayRoutes(
  virtualServices: readonly KubeObject[],
  gateways: readonly KubeObject[],
  hosts: ReadonlySet<string> | undefined,
): readonly GatewayRoute[] {
  return virtualServices.flatMap((virtualService) => {
    const rules = list(mapping(virtualService['spec'])['http'])
      .map(mapping)
      .filter((rule) => hosts === undefined || destinationsOf(rule).some((each) => hosts.has(each)));
    const [rule] = rules;
    if (!rule) return [];
    const servers = gateways.filter((gateway) => usesGateway(virtualService, gateway)).flatMap(serversOf);
    return servers
      .filter(({ protocol }) => protocol === 'HTTP' || protocol === 'HTTPS')
      .map((server) => ({
        virtualService,
        server,
        path: pathOf(rule),
        ...present({ host: hostOf(virtualService, server) }),
      }));
  });
}

/** Whether an http rule of a VirtualService takes every path: it has no condition on the path, or `/`, or a regular expression. */
export function takesEveryPath(virtualService: KubeObject): boolean {
  const rules = list(mapping(virtualService['spec'])['http']).map(mapping);
  return rules.some((rule) => {
    const matches = list(rule['match']).map((match) => mapping(mapping(match)['uri']));
    const isOpen = (uri: Readonly<Record<string, unknown>>): boolean =>
      uri['exact'] === undefined && (uri['prefix'] === undefined || uri['prefix'] === '/');
    return matches.length === 0 || matches.some(isOpen);
  });
}

/** Hosts of a rule's destinations, as they are written. */
function destinationsOf(rule: Readonly<Record<string, unknown>>): readonly string[] {
  return list(rule['route']).flatMap((route) => text(mapping(mapping(route)['destination'])['host']) ?? []);
}

function pathOf(rule: Readonly<Record<string, unknown>>): string {
  const uris = list(rule['match']).map((match) => mapping(mapping(match)['uri']));
  return uris.map((uri) => text(uri['exact']) ?? text(uri['prefix'])).find((path) => path !== undefined) ?? '/';
}

function hostOf(virtualService: KubeObject, { hosts }: GatewayServer): string | undefined {
  const own = list(mapping(virtualService['spec'])['hosts']).flatMap((host) => text(host) ?? []);
  return [...own, ...hosts].find((host) => !host.includes('*'));
}
