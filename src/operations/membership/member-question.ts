import type { GenerationName } from '../../mesh/generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { readOnce } from '../../cluster/api/read-once.ts';
import { parseSshName } from '../../host/ssh/ssh-name.ts';
import type { World } from '../../world.ts';
import type { Membership } from '../../vm/membership.ts';
import { groupNameOrNone } from '../join/workload.ts';
import type { MachineOptions } from '../connection/machine.ts';
import { knownAddresses, reachedAddresses } from '../connection/addresses.ts';
import type { MemberQuestion, Place, SaidPlace } from './member.ts';

/** What a command knows before it looks up a VM in the cluster. */
export interface MemberAsked {
  readonly vm: string;
  readonly command: string;
  readonly typed: Place;
  readonly machine: MachineOptions;
  readonly membership: (SaidPlace & Pick<Membership, 'hostname'>) | undefined;
  readonly kube: Kubernetes;
  /** Of the kubeconfig's context. */
  readonly namespace: string;
  readonly generation: () => Promise<GenerationName>;
  readonly signal: AbortSignal;
}

/**
 * The question with the addresses by which the operator reaches the machine. A lost machine has addresses only in
 * ssh_config and DNS.
 */
export async function memberQuestion(world: World, asked: MemberAsked): Promise<MemberQuestion> {
  const { vm, command, typed, machine, membership, kube, namespace, generation, signal } = asked;
  const image = machine.root !== undefined;
  const name = parseSshName(vm).host;
  const addresses = membership ? reachedAddresses : knownAddresses;
  return {
    ...{ vm, command, typed, image, signal, generation, kube: readOnce(kube) },
    otherwise: { namespace, group: groupNameOrNone(membership?.hostname || name) ?? '' },
    groupOfName: groupNameOrNone(name),
    known: image || typed.address !== undefined ? [] : await addresses(world, machine, vm),
    ...(membership && { membership }),
  };
}
