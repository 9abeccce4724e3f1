import { type KubeObject, MANAGED_BY } from '../kube-object.ts';
import { list, mapping, text, textMapping } from '../unknown.ts';
import { NETWORKING } from './objects.ts';

/** A version of a service and its share of the requests, in percent. */
export interface Share {
  readonly version: string;
  readonly weight: number;
}

/** How requests to a service are routed. */
export interface RouteRule {
  readonly service: string;
  readonly namespace: string;
  /** Full name of the service. */
  readonly host: string;
  /** The label whose value is the version. */
  readonly label: string;
  readonly shares: readonly Share[];
  /** Requests with this header go to this version. */
  readonly header?: { readonly name: string; readonly value: string; readonly version: string };
  /** Durations as Istio writes them: `5s`. */
  readonly timeout?: string;
  readonly perTryTimeout?: string;
  readonly retries?: number;
}

/** A named part of a service's workloads. */
export interface Subset {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The name of a subset must be a label of DNS, as part of Envoy's name of the cluster. */
function subsetName(version: string): string {
  return version.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-');
}

/** The subsets that a rule routes to, each once. */
export function subsetsOf({ shares, header, label }: RouteRule): readonly Subset[] {
  const versions = [...shares.map(({ version }) => version), ...(header ? [header.version] : [])];
  return [...new Set(versions)].map((version) => ({ name: subsetName(version), labels: { [label]: version } }));
}

/** The subsets that a DestinationRule has. */
export function definedSubsets({ spec }: KubeObject): readonly Subset[] {
  return list(mapping(spec)['subsets'])
    .map(mapping)
    .map(({ name, labels }) => ({ name: text(name) ?? '', labels: textMapping(labels) }));
}

/** Defines the subsets, in the order of their names. */
export function destinationRuleObject({ service, namespace, host }: RouteRule, subsets: readonly Subset[]): KubeObject {
  const sorted = [...subsets].sort((one, other) => (one.name < other.name ? -1 : 1));
  return {
    apiVersion: NETWORKING,
    kind: 'DestinationRule',
    metadata: { name: service, namespace, labels: MANAGED_BY },
    spec: { host, subsets: sorted },
  };
}

/** The routes of all clients in the mesh: of requests, or of connections for a protocol that is not HTTP. */
export function virtualServiceObject(rule: RouteRule, kind: 'http' | 'tcp'): KubeObject {
  const { service, namespace, host } = rule;
  return {
    apiVersion: NETWORKING,
    kind: 'VirtualService',
    metadata: { name: service, namespace, labels: MANAGED_BY },
    spec: { hosts: [host], [kind]: kind === 'http' ? httpRoutes(rule) : [{ route: destinations(rule, rule.shares) }] },
  };
}

function httpRoutes(rule: RouteRule): readonly object[] {
  const { header, shares, timeout } = rule;
  const rest = { ...(timeout !== undefined && { timeout }), ...retriesOf(rule) };
  const all = { route: destinations(rule, shares), ...rest };
  if (header === undefined) return [all];
  const match = [{ headers: { [header.name]: { exact: header.value } } }];
  return [{ match, route: destinations(rule, [{ version: header.version, weight: 100 }]), ...rest }, all];
}

function retriesOf({ retries, perTryTimeout }: RouteRule): object {
  if (retries === undefined) return {};
  return { retries: { attempts: retries, ...(perTryTimeout !== undefined && { perTryTimeout }) } };
}

function destinations({ host }: RouteRule, shares: readonly Share[]): readonly object[] {
  return shares.map(({ version, weight }) => ({
    destination: { host, subset: subsetName(version) },
    ...(shares.length > 1 && { weight }),
  }));
}
