import type { ObjectRef } from '../../mesh/kube-object.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { applyRegistration } from './register.ts';
import { clusterGeneration } from '../facts/generation.ts';
import type { RegisteredVm } from './registered-vm.ts';

/** Where a VM is registered. */
export interface Registry {
  readonly kube: Kubernetes;
  readonly vm: RegisteredVm;
}

/** What was written so that a VM left the rotation, or came back. */
export interface WrittenRotation {
  readonly services: readonly string[];
  /** Services of other owners: their clients still come. */
  readonly foreign: readonly string[];
  readonly written: readonly ObjectRef[];
}

/** Takes a VM out of rotation, or back into it. Throws the Problems of the writes. */
export async function writeRotation(
  { kube, vm }: Registry,
  to: 'in' | 'out',
  signal: AbortSignal,
): Promise<WrittenRotation> {
  const { plan, services, foreign } = await clusterGeneration(vm.generation).planRotation(kube, { ...vm, signal }, to);
  const written: ObjectRef[] = [];
  for await (const { ref } of applyRegistration(kube, plan, signal)) written.push(ref);
  return { services, foreign, written };
}
