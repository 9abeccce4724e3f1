import { clusterGeneration } from '../generation.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { RegisteredVm, Rotation } from './registered-vm.ts';

/** What takes the services of one VM out of rotation (`out`) or back (`in`). Only reads. */
export function planRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
  return clusterGeneration(vm.generation).planRotation(kube, vm, to);
}
