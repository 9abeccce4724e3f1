import type { Kubernetes } from './kubernetes.ts';
import { planClassicDeparture } from './classic-departure.ts';
import { planCurrentDeparture } from './current-departure.ts';
import type { Departure, Leaving } from './leaving.ts';

/** Everything that meshx made for a VM goes; what other VMs use and what others made stays. Only reads. */
export function planDeparture(kube: Kubernetes, vm: Leaving): Promise<Departure> {
  return vm.generation === 'current' ? planCurrentDeparture(kube, vm) : planClassicDeparture(kube, vm);
}
