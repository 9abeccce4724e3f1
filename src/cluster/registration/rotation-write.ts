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

/** What was written to change a VM's rotation. */
export interface WrittenRotation {
  readonly services: readonly string[];
  /** Services of other owners, whose clients still connect. */
  readonly foreign: readonly string[];
  readonly written: readonly ObjectRef[];
}

/** Drains a VM from rotation, or returns it. Throws the Problems of the writes. */
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
