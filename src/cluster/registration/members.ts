import { clusterGeneration } from '../generation.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { ClusterMembers, RegisteredVm } from './registered-vm.ts';

/** Which addresses of a VM its WorkloadGroup has, or a classic cluster its Endpoints. Only reads. */
export function clusterMembers(kube: Kubernetes, vm: RegisteredVm): Promise<ClusterMembers> {
  return clusterGeneration(vm.generation).members(kube, vm);
}
