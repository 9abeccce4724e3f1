import { entryAddress, entryLabels } from '../../cluster/registration/entries.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { groupedBy, groupOfEntry, nameOf } from './objects.ts';

const registration = { category: 'registration', severity: 'error' } as const;
const NETWORK = 'topology.istio.io/network';

/** Addresses and networks of entries. */
export const addressChecks: readonly NamespaceCheck[] = [
  {
    ...registration,
    id: 'entry-address',
    title: 'no two entries have one address',
    needs: ['entries', 'everyEntry', 'entriesElsewhere', 'kubectl', 'place'],
    judge: once,
  },
  {
    ...registration,
    id: 'entry-network',
    title: 'clients reach the network of each VM',
    needs: ['about', 'groups', 'entries', 'kubectl', 'controlNamespace', 'controlServices', 'values', 'place'],
    judge: networks,
  },
];

/** istiod takes an address for one machine in each network. */
function once({ entries, everyEntry, entriesElsewhere, kubectl, place }: NamespaceFacts): readonly Seen[] {
  const chosen = new Set(entries);
  const byAddress = groupedBy(
    [...everyEntry, ...entriesElsewhere],
    (entry) => `${entryAddress(entry)} ${networkOf(entry) ?? ''}`,
  );
  const shared = [...byAddress.values()].filter((all) => all.length > 1 && all.some((entry) => chosen.has(entry)));
  return shared
    .filter(([first]) => first && entryAddress(first) !== '')
    .map((same) => {
      // Each namespace says the same.
      const all = same.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
      const [first] = all as [KubeObject];
      const isHere = all.every(({ metadata }) => (metadata.namespace ?? place) === place);
      const names = all.map(({ metadata }) => (isHere ? metadata.name : `${metadata.namespace}/${metadata.name}`));
      const { name, namespace = place } = stalest(all).metadata;
      const hint = `Delete the entry of the machine that is gone: ${kubectl('delete', 'workloadentry', name, '-n', namespace)}`;
      return wrong(
        nameOf(first),
        `${entryAddress(first)} is the address of ${names.join(' and ')}${isHere ? ` in namespace ${place}` : ''}: clients count it as several endpoints, and istiod may drop one`,
        // One machine may serve several namespaces without a sidecar.
        { hint, ...(!isHere && { severity: 'warning' }) },
      );
    });
}

/** One that a person wrote, else the one whose machine connected first. A connection is newer than an entry that was left behind. */
function stalest(entries: readonly KubeObject[]): KubeObject {
  const since = ({ metadata }: KubeObject): string => metadata.annotations?.['istio.io/connectedAt'] ?? '';
  // There are two at least.
  return entries.toSorted((a, b) => since(a).localeCompare(since(b)))[0]!;
}

function networkOf(entry: KubeObject): string | undefined {
  return text(mapping(entry['spec'])['network']) ?? entryLabels(entry)[NETWORK];
}

function networks(facts: NamespaceFacts): readonly Seen[] {
  return facts.entries.flatMap((entry) => networkIssue(entry, facts));
}

function networkIssue(entry: KubeObject, facts: NamespaceFacts): readonly Seen[] {
  const { about, kubectl, place, groups } = facts;
  const [field, label] = [text(mapping(entry['spec'])['network']), entryLabels(entry)[NETWORK]];
  const own = field ?? label;
  const { name } = entry.metadata;
  const patch = (network: string): string =>
    kubectl('patch', 'workloadentry', name, '-n', place, '--type=merge', '-p', JSON.stringify({ spec: { network } }));
  if (field !== undefined && label !== undefined && field !== label) {
    const detail = `${nameOf(entry)} is in network ${field}, and its label ${NETWORK} says ${label}`;
    return [
      wrong(nameOf(entry), detail, {
        hint: `Remove the label: ${kubectl('label', 'workloadentry', name, '-n', place, `${NETWORK}-`)}`,
      }),
    ];
  }
  const group = groupOfEntry(entry, groups);
  const wanted = group && text(mapping(mapping(group['spec'])['template'])['network']);
  if (wanted !== undefined && own !== wanted) {
    const detail = `${nameOf(entry)} is in network ${own ?? 'none'}, and its ${nameOf(group!)} says ${wanted}`;
    return [wrong(nameOf(entry), detail, { hint: `Set it on the entry: ${patch(wanted)}` })];
  }
  const clusters = clusterNetwork(facts);
  if (own === undefined || own === clusters || hasGateway(own, facts)) return [];
  const detail = `${nameOf(entry)} is in network ${own}, the cluster in ${clusters ?? 'none'}, and no Service of namespace ${about.istioNamespace} is a gateway of ${own}: clients get no endpoint for it`;
  const hint =
    clusters === undefined
      ? `If the pods can reach its address, take it out of the network: ${patch('')}`
      : `If the pods can reach its address, put it into theirs: ${patch(clusters)}`;
  return [wrong(nameOf(entry), detail, { hint })];
}

/** The network of the cluster's pods, from the label of the control plane's namespace, else from the installation. */
function clusterNetwork({ controlNamespace, values }: NamespaceFacts): string | undefined {
  return controlNamespace?.metadata.labels?.[NETWORK] ?? text(mapping(values['global'])['network']);
}

function hasGateway(network: string, { controlServices }: NamespaceFacts): boolean {
  return controlServices.some(({ metadata }) => metadata.labels?.[NETWORK] === network);
}
