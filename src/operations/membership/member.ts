import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { GenerationName } from '../../mesh/generation.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import { groupsOfAddresses } from '../../cluster/registration/current-members.ts';
import type { ClusterMembers, RegisteredVm } from '../../cluster/registration/registered-vm.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import { Problem } from '../../problems.ts';
import { membershipProblems } from '../../problems/membership.ts';
import type { PlacedCommand } from '../../problems/placed-command.ts';
import type { Membership } from '../../vm/membership.ts';

/** Values of the machine that decide where its objects are looked for. */
export type SaidPlace = Pick<Membership, 'record' | 'generation' | 'namespace' | 'group' | 'addresses'>;

/** The place of a VM in a cluster, from one source. */
export interface Place {
  readonly namespace?: string;
  readonly group?: string;
  readonly address?: string;
}

/** What is known of a VM before its objects are looked up. */
export interface MemberQuestion {
  readonly vm: string;
  /** The command to repeat with the right values: `down`. */
  readonly command: string;
  /** The operator's options, which win. */
  readonly typed: Place;
  /** The values of the machine. Absent when it is gone. */
  readonly membership?: SaidPlace;
  /** A directory on the operator's own disk, whose record is trusted. */
  readonly image: boolean;
  /** Defaults: the namespace of the kubeconfig's context, and the group named after the machine. */
  readonly otherwise: { readonly namespace: string; readonly group: string };
  /** The group of the machine's name on the command line. */
  readonly groupOfName: string | undefined;
  /** The addresses by which the operator reaches the machine. */
  readonly known: readonly string[];
  readonly generation: () => Promise<GenerationName>;
  readonly kube: Kubernetes;
  readonly signal: AbortSignal;
}

/** A VM on which operator, record and settings agree. The cluster was not read yet. */
export interface Member {
  readonly registered: RegisteredVm;
  readonly question: MemberQuestion;
}

/**
 * Which VM of the cluster a machine is: by the operator's options, then its record, then its settings. Throws
 * `membership-disagrees` when they contradict each other, unless the operator named both namespace and group.
 */
export async function memberOf(question: MemberQuestion): Promise<Member> {
  const { membership, otherwise, signal } = question;
  const generation = membership?.generation ?? (await question.generation());
  if (disagrees(question, generation))
    throw membershipProblems.disagrees({ ...rightCommand(question), values: await values(question) });
  const place = { ...otherwise, ...settingsPlace(membership), ...recordPlace(membership), ...question.typed };
  const namespace = parseName(place.namespace, 'namespace');
  const group = parseName(place.group, 'group');
  const registered = { generation, namespace, group, addresses: addressesOf(question), signal };
  return { registered, question };
}

/** The operator wrote the record of an image, on their own disk. */
function typedPlace({ typed, membership, image }: MemberQuestion): Place {
  return image ? { ...recordPlace(membership), ...typed } : typed;
}

function recordPlace(membership: SaidPlace | undefined): Place {
  const { namespace, group, address } = membership?.record ?? {};
  return { ...(namespace && { namespace }), ...(group && { group }), ...(address && { address }) };
}

function settingsPlace(membership: SaidPlace | undefined): Place {
  const { namespace, group, addresses = [] } = membership ?? {};
  const [address] = addresses.length === 1 ? addresses : [];
  return { ...(namespace && { namespace }), ...(group && { group }), ...(address && { address }) };
}

/** If the address changed since the join, the settings have the new one. The cluster decides which is right. */
function addressesOf({ typed, membership, known }: MemberQuestion): readonly string[] {
  if (typed.address !== undefined) return [typed.address];
  if (!membership) return known;
  const { record, addresses } = membership;
  return [...new Set([...(record?.address === undefined ? [] : [record.address]), ...addresses])];
}

/** Namespace and group decide which objects are deleted. If the operator names both, only the cluster must agree. */
function disagrees({ typed, membership }: MemberQuestion, generation: GenerationName): boolean {
  if (typed.namespace !== undefined && (typed.group !== undefined || !meshGeneration(generation).hasGroups))
    return false;
  const sources = [typed, recordPlace(membership), settingsPlace(membership)];
  return (['namespace', 'group'] as const).some(
    (key) => new Set(sources.map((source) => source[key]).filter((value) => value !== undefined)).size > 1,
  );
}

/**
 * Whether the cluster agrees that a VM is this member: its group has an entry at an address by which the operator
 * reaches the machine, or the operator named the group, which has no other member, in a namespace that is the operator's. The machine
 * alone never decides. For a lost machine the operator decides everything.
 */
export async function isConfirmedMember({ registered, question }: Member): Promise<boolean> {
  if (question.membership === undefined) return true;
  return isConfirmed(await clusterGeneration(registered.generation).members(question.kube, registered), {
    registered,
    question,
  });
}

/** Throws `membership-unconfirmed` with the writes that are not made. */
export async function refuseUnconfirmed({ question }: Member, writes: readonly string[]): Promise<never> {
  throw membershipProblems.unconfirmed({ ...rightCommand(question), writes, values: await values(question) });
}

/** Pure. */
export function isConfirmed({ own, others }: ClusterMembers, { registered, question }: Member): boolean {
  const { known, groupOfName, image } = question;
  const typed = typedPlace(question);
  const reached = [...known, ...(typed.address === undefined ? [] : [typed.address])];
  if (own.length > 0 && own.every((address) => reached.includes(address))) return true;
  if (!meshGeneration(registered.generation).hasGroups) return false;
  const isNamed = typed.group !== undefined || registered.group === groupOfName;
  // A namespace that the operator's own defaults give as well is not one that the machine chose.
  const isOwnNamespace =
    typed.namespace !== undefined || image || registered.namespace === question.otherwise.namespace;
  return isNamed && isOwnNamespace && others.length === 0;
}

/** A line for each source, and what the cluster has. */
async function values(question: MemberQuestion): Promise<readonly string[]> {
  const { typed, membership, known, kube, signal } = question;
  const record = recordPlace(membership);
  const settings = settingsPlace(membership);
  const namespaces = [typed, record, settings].flatMap(({ namespace }) => namespace ?? []).filter(isNamespace);
  const addresses = [typed.address, record.address, ...known].filter((address) => address !== undefined);
  return [
    `the command line: ${showPlace(typed)}`,
    `its record, /var/lib/meshx/membership: ${showPlace(record)}`,
    `its settings, cluster.env and sidecar.env: ${showPlace(settings)}`,
    `the cluster: ${await clusterSays(kube, [...new Set(namespaces)], { addresses, signal })}`,
  ];
}

function isNamespace(text: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

async function clusterSays(
  kube: Kubernetes,
  namespaces: readonly string[],
  vm: Pick<RegisteredVm, 'addresses' | 'signal'>,
): Promise<string> {
  try {
    const found = await groupsOfAddresses(kube, namespaces, vm);
    if (found.length > 0) return found.join(', ');
    return `no entry at ${vm.addresses.join(', ') || 'an address that is known'} in ${namespaces.join(', ') || 'the namespace'}`;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return `cannot be asked: ${error.message}`;
  }
}

function showPlace({ namespace, group, address }: Place): string {
  const parts = [
    ...(namespace === undefined ? [] : [`namespace ${namespace}`]),
    ...(group === undefined ? [] : [`WorkloadGroup ${group}`]),
    ...(address === undefined ? [] : [`address ${address}`]),
  ];
  return parts.join(', ') || 'nothing';
}

/** The operator's values, then those that only root on the machine can write. */
function rightCommand({ vm, command, typed, membership, otherwise }: MemberQuestion): PlacedCommand {
  const record = recordPlace(membership);
  const settings = record.namespace === undefined ? settingsPlace(membership) : {};
  const { address, ...place } = { ...otherwise, ...settings, ...record, ...typed };
  return { command, vm, ...place, ...(address !== undefined && isAddress(address) && { address }) };
}

function isAddress(text: string): boolean {
  try {
    return parseIp(text) !== '';
  } catch {
    return false;
  }
}
