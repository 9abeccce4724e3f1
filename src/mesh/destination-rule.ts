import { type KubeObject, refOf, showRef } from './kube-object.ts';
import { list, mapping, text } from './unknown.ts';

/** The TLS mode of a client's proxy. `AUTO` follows what the server accepts. */
export type ClientTls = 'AUTO' | 'DISABLE' | 'ISTIO_MUTUAL' | 'MUTUAL' | 'SIMPLE';

/** A setting and the object it comes from, or `default`. */
export interface EffectiveClientTls {
  readonly tls: ClientTls;
  readonly source: string;
}

/** The service that a client calls, and from where. */
export interface Destination {
  /** Full name: mysqldb.vm.svc.cluster.local. */
  readonly host: string;
  readonly port: number;
  readonly namespace: string;
  readonly clientNamespace: string;
  readonly rootNamespace: string;
  readonly clusterDomain: string;
}

/**
 * The TLS setting of a client's proxy, from the DestinationRule of the client's namespace, else of the service's, else
 * of the root namespace. The most exact host wins, and a port's setting wins over the general one.
 */
export function clientTls(destination: Destination, rules: readonly KubeObject[]): EffectiveClientTls {
  const rule = ruleFor(destination, rules);
  const policy = mapping(mapping(rule?.['spec'])['trafficPolicy']);
  const ofPort = list(policy['portLevelSettings'])
    .map(mapping)
    .find((setting) => mapping(setting['port'])['number'] === destination.port);
  // A port's settings replace the general ones as a whole, so a port without tls is AUTO again.
  const tls = mapping((ofPort ?? policy)['tls'])['mode'];
  if (!rule || !isClientTls(tls)) return { tls: 'AUTO', source: 'default' };
  return { tls, source: showRef(refOf(rule)) };
}

function ruleFor(destination: Destination, rules: readonly KubeObject[]): KubeObject | undefined {
  const { namespace, clientNamespace, rootNamespace } = destination;
  for (const place of new Set([clientNamespace, namespace, rootNamespace])) {
    const found = rules.filter((rule) => rule.metadata.namespace === place && isVisible(rule, clientNamespace));
    const matching = found.filter((rule) => matches(destination, rule));
    const best = [...matching].sort((a, b) => hostOf(destination, b).length - hostOf(destination, a).length);
    const exact = matching.find((rule) => hostOf(destination, rule) === destination.host);
    if (exact ?? best[0]) return exact ?? best[0];
  }
  return undefined;
}

/** Whether a rule's host is the service, or a wildcard for it. */
export function matches(destination: Destination, rule: KubeObject): boolean {
  const host = hostOf(destination, rule);
  return host === destination.host || (host.startsWith('*') && destination.host.endsWith(host.slice(1)));
}

/** A host without a dot is short for a service of the rule's own namespace. */
function hostOf({ clusterDomain }: Destination, rule: KubeObject): string {
  const host = text(mapping(rule['spec'])['host']) ?? '';
  const isShort = host !== '' && !host.includes('.') && !host.startsWith('*');
  return isShort ? `${host}.${rule.metadata.namespace}.svc.${clusterDomain}` : host;
}

function isVisible(rule: KubeObject, clientNamespace: string): boolean {
  const exportTo = list(mapping(rule['spec'])['exportTo']);
  if (exportTo.length === 0 || exportTo.includes('*') || exportTo.includes(clientNamespace)) return true;
  return exportTo.includes('.') && rule.metadata.namespace === clientNamespace;
}

function isClientTls(value: unknown): value is Exclude<ClientTls, 'AUTO'> {
  return value === 'DISABLE' || value === 'ISTIO_MUTUAL' || value === 'MUTUAL' || value === 'SIMPLE';
}
