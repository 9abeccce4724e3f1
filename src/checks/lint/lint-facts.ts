import type { KubeObject } from '../../mesh/kube-object.ts';
import { list, mapping, text, textMapping } from '../../mesh/unknown.ts';
import type { Check } from '../check.ts';
import type { NamespaceFacts } from '../mesh/facts.ts';

type OfMesh =
  | 'about'
  | 'kubectl'
  | 'place'
  | 'groups'
  | 'entries'
  | 'everyEntry'
  | 'entriesElsewhere'
  | 'services'
  | 'pods'
  | 'serviceEntries';

/** One namespace as files have it. */
export interface LintFacts extends Pick<NamespaceFacts, OfMesh | 'sidecars' | 'destinationRules'> {
  /** What runs: pods of workloads, entries and groups of VMs. */
  readonly workloads: readonly Workload[];
  readonly virtualServices: readonly KubeObject[];
  /** AuthorizationPolicies, PeerAuthentications and Sidecars. */
  readonly policies: readonly KubeObject[];
  /** Services of all namespaces. */
  readonly everyService: readonly KubeObject[];
  /** DestinationRules of all namespaces. */
  readonly everyDestinationRule: readonly KubeObject[];
  /** Hosts of the ServiceEntries of all namespaces. */
  readonly externalHosts: readonly string[];
}

export type LintCheck = Check<LintFacts>;

/** Something that a selector may match. */
export interface Workload {
  readonly object: KubeObject;
  readonly labels: Readonly<Record<string, string>>;
  /** Ports of its containers by name; absent for VMs. */
  readonly containerPorts?: readonly { readonly name: string; readonly number: number }[];
}

const WITH_TEMPLATE = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job', 'Rollout'];

/** The workload that an object makes; undefined if it makes none. */
export function workloadOf(object: KubeObject): Workload | undefined {
  const spec = mapping(object['spec']);
  if (object.kind === 'Pod') return ofPod(object, { metadata: object.metadata, spec });
  if (WITH_TEMPLATE.includes(object.kind)) return ofPod(object, mapping(spec['template']));
  if (object.kind === 'WorkloadEntry')
    return { object, labels: { ...textMapping(object.metadata.labels), ...textMapping(spec['labels']) } };
  if (object.kind === 'WorkloadGroup') return { object, labels: textMapping(mapping(spec['metadata'])['labels']) };
  return undefined;
}

function ofPod(object: KubeObject, { metadata, spec }: Readonly<Record<string, unknown>>): Workload {
  const containers = list(mapping(spec)['containers']).map(mapping);
  const containerPorts = containers
    .flatMap((container) => list(container['ports']).map(mapping))
    .map((port) => ({ name: text(port['name']) ?? '', number: Number(port['containerPort']) }));
  return { object, labels: textMapping(mapping(metadata)['labels']), containerPorts };
}

/** Whether all labels of a selector are there; an empty one matches nothing. */
export function matches(selector: Readonly<Record<string, string>>, { labels }: Pick<Workload, 'labels'>): boolean {
  const wanted = Object.entries(selector);
  return wanted.length > 0 && wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}
