import { clusterGeneration } from '../generation.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { Departure, Leaving } from './leaving.ts';

/** Everything that meshx made for a VM goes; what other VMs use and what others made stays. Only reads. */
export function planDeparture(kube: Kubernetes, vm: Leaving): Promise<Departure> {
  return clusterGeneration(vm.generation).planDeparture(kube, vm);
}
