import { automaticGroup, entryLabels } from '../../cluster/registration/entries.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import type { Seen } from '../check.ts';
import { commandLine, type NamespaceCheck, type NamespaceFacts, wrong } from './facts.ts';
import { groupedBy, nameOf } from './objects.ts';

const registration = { category: 'registration', severity: 'error' } as const;

/** What a namespace must have before VMs can be in it. */
export const namespaceChecks: readonly NamespaceCheck[] = [
  {
    ...registration,
    id: 'vm-namespace',
    title: 'the namespace of the VMs exists and is not being deleted',
    needs: ['about', 'kubectl', 'namespace', 'place'],
    judge: exists,
  },
  {
    ...registration,
    id: 'service-accounts',
    title: 'the service account of each VM exists',
    needs: ['kubectl', 'accounts', 'groups', 'entries', 'place'],
    judge: accounts,
  },
];

function exists({ about, kubectl, namespace, place }: NamespaceFacts): readonly Seen[] {
  const object = `Namespace ${place}`;
  if (namespace === null) {
    // Folders of manifests often leave namespaces out.
    if (!about.live) return [];
    return [
      wrong(object, `namespace ${place} does not exist in ${about.cluster}`, {
        hint: `Create it: ${kubectl('create', 'namespace', place)}`,
      }),
    ];
  }
  const isEnding =
    namespace.metadata['deletionTimestamp'] !== undefined || mapping(namespace['status'])['phase'] === 'Terminating';
  if (!isEnding) return [];
  const hint = `Read what holds it: ${kubectl('get', 'namespace', place, '-o', 'yaml')}; its VMs must join again in another namespace`;
  return [wrong(object, `namespace ${place} is being deleted, with everything that its VMs need`, { hint })];
}

function accounts({ kubectl, accounts: found, groups, entries, place }: NamespaceFacts): readonly Seen[] {
  // Kubernetes makes the account `default` itself, and again when it is gone.
  const names = new Set([...found.map(({ metadata }) => metadata.name), 'default']);
  const used = groupedBy([...groups, ...entries.filter(hasSidecar)], accountOf);
  const missing = [...used].filter(([account]) => !names.has(account));
  return missing.map(([account, users]) => {
    const create = kubectl('create', 'serviceaccount', account, '-n', place);
    const hint = `Create it: ${create}; then give the VM a token of it: ${rejoinLine(users, place)}`;
    return wrong(
      `ServiceAccount ${place}/${account}`,
      `service account ${place}/${account} of ${firstOf(users.map(nameOf))} does not exist, so the VM gets no certificate`,
      { hint },
    );
  });
}

/** Tokens of the account that is gone are worth nothing. */
function rejoinLine(users: readonly KubeObject[], place: string): string {
  const [first] = users;
  const vm = first === undefined ? 'VM' : (automaticGroup(first) ?? first.metadata.name);
  return commandLine(['meshx', 'rejoin', vm, '-n', place]);
}

/** A machine without a sidecar has no identity. */
function hasSidecar(entry: KubeObject): boolean {
  return entryLabels(entry)['security.istio.io/tlsMode'] !== 'disabled';
}

/** An empty account means Kubernetes' default. */
function accountOf(object: KubeObject): string {
  const spec = mapping(object['spec']);
  const holder = object.kind === 'WorkloadGroup' ? mapping(spec['template']) : spec;
  return text(holder['serviceAccount']) ?? 'default';
}

function firstOf(names: readonly string[]): string {
  const [first = ''] = names;
  return names.length === 1 ? first : `${first} and ${names.length - 1} more`;
}
