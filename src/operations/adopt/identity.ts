import { automaticGroup, entryAddress, listEntries } from '../../cluster/registration/entries.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { workloadOf } from '../../mesh/current/group.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { vmProblems } from '../../problems/vm.ts';
import type { Member } from './selecting.ts';

/** The identity that a VM claims, and what the operator knows of it. */
export interface Claim {
  readonly vm: string;
  readonly member: Member;
  readonly serviceAccount: string;
  /** Addresses by which the operator reaches the machine. */
  readonly known: readonly string[];
  /** The operator named namespace, group and account. */
  readonly isTyped: boolean;
  readonly signal: AbortSignal;
}

/**
 * Checks with the cluster that the machine has the claimed identity, before a token is requested: istiod has an entry
 * of the group at an address by which the operator reaches it, and entry and group have the claimed account. Only
 * reads. Throws `adopt-unconfirmed`.
 */
export async function confirmIdentity(kube: Kubernetes, claim: Claim): Promise<void> {
  const { vm, member, serviceAccount, known, isTyped, signal } = claim;
  if (isTyped) return;
  const { namespace, group: name } = member;
  const [group, entries] = await Promise.all([
    kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal),
    listEntries(kube, namespace, signal),
  ]);
  const reached = entries.filter((entry) => automaticGroup(entry) === name && known.includes(entryAddress(entry)));
  const accountOf = (entry: (typeof entries)[number]): string =>
    text(mapping(entry['spec'])['serviceAccount']) ?? 'default';
  const groupAccount = group && workloadOf(group).serviceAccount;
  if (groupAccount === serviceAccount && reached.some((entry) => accountOf(entry) === serviceAccount)) return;
  throw vmProblems.adoptUnconfirmed({
    ...{ command: 'adopt', vm, namespace, group: name, account: serviceAccount },
    claims: [`WorkloadGroup ${namespace}/${name}`, `service account ${serviceAccount}`],
    found: [
      group
        ? `the group has the service account ${groupAccount}`
        : `the cluster has no WorkloadGroup ${namespace}/${name}`,
      reached.length > 0
        ? reached
            .map((entry) => `its entry at ${entryAddress(entry)} has the service account ${accountOf(entry)}`)
            .join(', ')
        : `the group has no entry at ${known.join(', ') || 'an address that is known'}`,
    ],
  });
}
