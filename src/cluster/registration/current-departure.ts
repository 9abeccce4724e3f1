import { entryPorts } from '../../mesh/current/entry-ports.ts';
import { NETWORKING, SECURITY } from '../../mesh/current/objects.ts';
import { STRICT_ANNOTATION, strictPolicyName } from '../../mesh/current/strict-ports.ts';
import { madeByMeshx, refOf, showRef, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { mapping, text, textMapping } from '../../mesh/unknown.ts';
import { serviceKey, servicesNamed } from '../../mesh/workload-labels.ts';
import type { Departure, Leaving } from './registered-vm.ts';
import { automaticGroup, entryAddress, entryLabels, isInService } from './entries.ts';
import { keysToNudge, servicesNamedSo } from './service-targets.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { grantedRights } from './granted-rights.ts';
import { isNudge } from './nudge.ts';
import { EMPTY_PLAN, type Relabel } from '../api/plan.ts';
import { serviceRef } from '../api/refs.ts';

/** The objects of the namespace. What other VMs use stays. */
interface Found {
  readonly groups: readonly KubeObject[];
  /** Entries of this VM. */
  readonly own: readonly KubeObject[];
  readonly nudges: readonly KubeObject[];
  readonly others: readonly KubeObject[];
}

/**
 * If no other machine is in the group, removes Services, Sidecar, account, entry and last the group. The group is the
 * record of the others, so the next run finishes one that died. If others are in the group, it stays, and only the
 * labels of this VM's entry are removed; istiod deletes the entry when the sidecar has ended.
 */
export async function planCurrentDeparture(kube: Kubernetes, vm: Leaving): Promise<Departure> {
  const found = await find(kube, vm);
  const group = found.groups.find(({ metadata }) => metadata.name === vm.group);
  const members = found.others.filter((entry) => automaticGroup(entry) === vm.group);
  const fixed = fixedNotes(found, vm);
  if (group && (members.length > 0 || !madeByMeshx(group))) {
    const why = madeByMeshx(group) ? membersStay(members, found, vm) : 'it belongs to another owner';
    const note = `${showRef(refOf(group))} is kept: ${why}`;
    return {
      ...(await leaveGroup(kube, found, vm)),
      notes: [note, ...fixed],
      ...(madeByMeshx(group) && { sharedNote: note }),
    };
  }
  const remove = [
    ...(group ? await madeFor(kube, group, { found, vm }) : []),
    ...[...found.own, ...found.nudges].map(refOf),
    ...(group ? [refOf(group)] : []),
  ];
  const namespace = remove.length > 0 ? await namespaceNotes(kube, vm, found) : [];
  return { plan: { ...EMPTY_PLAN, remove }, notes: [...fixed, ...namespace] };
}

/** The lost machine may be one of them, at an address that was not given. */
function membersStay(members: readonly KubeObject[], { own }: Found, { gone }: Leaving): string {
  const stay = `${members.map(entryAddress).join(', ')} ${members.length === 1 ? 'is' : 'are'} in it`;
  const unknown = gone === true && own.length === 0;
  return unknown ? `${stay}; if the lost machine is among them, give its address: --vm-address ADDRESS` : stay;
}

async function find(kube: Kubernetes, vm: Leaving): Promise<Found> {
  const { namespace, signal } = vm;
  const [groups, all] = await Promise.all([
    kube.list({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace }, signal),
    kube.list({ apiVersion: NETWORKING, kind: 'WorkloadEntry', namespace }, signal),
  ]);
  const entries = all.filter((entry) => !isNudge(entry));
  const members = entries.filter((entry) => automaticGroup(entry) === vm.group);
  const here = members.filter((entry) => vm.addresses.includes(entryAddress(entry)));
  const own = here.length === 0 && members.length === 1 && isOnlyMember(vm) ? members : here;
  const nudges = all.filter((entry) => isNudge(entry) && nudgeOf(entry, vm));
  return { groups, own, nudges, others: entries.filter((entry) => !own.includes(entry)) };
}

/**
 * A lost machine cannot be asked for its address, and SSH may use another one than the mesh. In a shared group the only
 * entry left may be that of a healthy machine.
 */
function isOnlyMember({ gone, namesGroup }: Leaving): boolean {
  return gone === true && namesGroup === true;
}

/** A nudge is named after its entry, and the entry after group and address. */
function nudgeOf({ metadata }: KubeObject, { group, addresses }: Leaving): boolean {
  return addresses.some((address) => metadata.name.startsWith(`nudge-${group}-${address.replaceAll(':', '-')}`));
}

async function leaveGroup(kube: Kubernetes, { own }: Found, vm: Leaving): Promise<Pick<Departure, 'plan'>> {
  if (vm.gone === true) return { plan: { ...EMPTY_PLAN, remove: own.map(refOf) } };
  const names = [...new Set(own.flatMap((entry) => servicesNamed(entryLabels(entry))))];
  const services = await servicesNamedSo(kube, names, vm);
  return { plan: { ...EMPTY_PLAN, relabel: own.flatMap((entry) => outOfServices(kube, entry, services)) } };
}

/** Ports first: istiod recomputes only Services that select the entry after a change. */
function outOfServices(kube: Kubernetes, entry: KubeObject, services: readonly KubeObject[]): readonly Relabel[] {
  const names = servicesNamed(entryLabels(entry));
  if (names.length === 0) return [];
  const ref = refOf(entry);
  const ports = Object.fromEntries(Object.keys(entryPorts(entry)).map((name) => [name, null]));
  const labels = Object.fromEntries(names.map((name) => [serviceKey(name), null]));
  const keys = names.filter((name) => isInService(entry, name)).map(serviceKey);
  const nudge = keysToNudge(kube, services, { keys, ports: {} });
  return [
    ...(Object.keys(ports).length > 0 ? [{ ref, ports }] : []),
    { ref, labels, ...(nudge.length > 0 && { nudge }) },
  ];
}

/** Objects that were made for this group and that no other workload uses. */
async function madeFor(
  kube: Kubernetes,
  group: KubeObject,
  { found, vm }: { readonly found: Found; readonly vm: Leaving },
): Promise<readonly ObjectRef[]> {
  const { namespace, signal } = vm;
  const rest = found.groups.filter((other) => other !== group);
  const inUse = new Set([...rest.map(groupLabels), ...found.others.map(entryLabels)].flatMap(servicesNamed));
  const names = servicesNamed(groupLabels(group)).filter((name) => !inUse.has(name));
  const account = accountOf(group);
  const refs = [
    ...names.map((name) => serviceRef(namespace, name)),
    { apiVersion: NETWORKING, kind: 'Sidecar', namespace, name: `meshx-${vm.group}`.slice(0, 253) },
    ...(hasStrictPorts(group) ? [strictPolicyRef(vm)] : []),
    ...(account ? [{ apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: account }] : []),
  ];
  const objects = await Promise.all(refs.map((ref) => kube.get(ref, signal)));
  const ours = objects.filter((object) => object !== undefined).filter(madeByMeshx);
  const isShared =
    ours.some(({ kind }) => kind === 'ServiceAccount') && (await accountInUse(kube, account, { found, rest, vm }));
  const rights = await grantedRights(kube, group, signal);
  return [...rights, ...ours.filter(({ kind }) => kind !== 'ServiceAccount' || !isShared).map(refOf)];
}

/** Read only where the group says so: most who remove VMs need no right to policies. */
function hasStrictPorts({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[STRICT_ANNOTATION] !== undefined;
}

function strictPolicyRef({ namespace, group }: Leaving): ObjectRef {
  return { apiVersion: SECURITY, kind: 'PeerAuthentication', namespace, name: strictPolicyName(group) };
}

async function accountInUse(
  kube: Kubernetes,
  account: string | undefined,
  { found, rest, vm }: { readonly found: Found; readonly rest: readonly KubeObject[]; readonly vm: Leaving },
): Promise<boolean> {
  const entries = found.others.map((entry) => text(mapping(entry['spec'])['serviceAccount']));
  if ([...rest.map(accountOf), ...entries].includes(account)) return true;
  const pods = await kube.list({ apiVersion: 'v1', kind: 'Pod', namespace: vm.namespace }, vm.signal);
  return pods.some((pod) => mapping(pod['spec'])['serviceAccountName'] === account);
}

function groupLabels(group: KubeObject): Readonly<Record<string, string>> {
  return textMapping(mapping(mapping(group['spec'])['metadata'])['labels']);
}

function accountOf(group: KubeObject): string | undefined {
  return text(mapping(mapping(group['spec'])['template'])['serviceAccount']);
}

/** An entry that an operator registered by hand stays. */
function fixedNotes({ others }: Found, { namespace, addresses }: Leaving): readonly string[] {
  const fixed = others.filter(
    (entry) => automaticGroup(entry) === undefined && addresses.includes(entryAddress(entry)),
  );
  return fixed.map((entry) => {
    const names = servicesNamed(entryLabels(entry)).join(', ');
    const way = madeByMeshx(entry)
      ? `; remove it with: meshx deregister ${names} ${entryAddress(entry)} -n ${namespace}`
      : '';
    return `${showRef(refOf(entry))} is kept: it was registered by hand${way}`;
  });
}

/** A namespace may hold objects that meshx cannot see, so meshx never deletes it. */
async function namespaceNotes(
  kube: Kubernetes,
  { namespace, group, signal }: Leaving,
  found: Found,
): Promise<readonly string[]> {
  const others = found.groups.filter(({ metadata }) => metadata.name !== group);
  if (others.length > 0 || found.others.length > 0) return [];
  const object = await kube.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace }, signal);
  if (!object || !madeByMeshx(object)) return [];
  return [
    `Namespace ${namespace} is kept, because others may use it; if no one does: kubectl delete namespace ${namespace}`,
  ];
}
