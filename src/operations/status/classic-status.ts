import { appliedByMeshx } from '../../cluster/api/applied-object.ts';
import { groupedBy } from '../../checks/mesh/objects.ts';
import { isOurs } from '../../mesh/classic/service.ts';
import { addressesOf, isReady, parseSubsets } from '../../mesh/classic/subsets.ts';
import { type KubeObject } from '../../mesh/kube-object.ts';
import type { ServiceStatus, VmStatus } from './mesh-status.ts';
import { compare } from './namespace-status.ts';

/** The addresses that meshx or `istioctl register` wrote into Endpoints, each with its services. Pilot keeps nothing else of a VM. Pure. */
export function classicStatuses(endpoints: readonly KubeObject[]): readonly VmStatus[] {
  const own = endpoints.filter((each) => isOurs(each) || appliedByMeshx(each));
  const found = own.flatMap((each) =>
    addressesOf(parseSubsets(each)).map((address) => ({
      address,
      namespace: each.metadata.namespace ?? 'default',
      each,
    })),
  );
  const byVm = groupedBy(found, ({ namespace, address }) => `${namespace} ${address}`);
  return [...byVm.values()]
    .map((all): VmStatus => {
      const [{ address, namespace }] = all as [(typeof found)[number]];
      const services = all.map(({ each }) => serviceOf(each, address)).toSorted((a, b) => compare(a.name, b.name));
      return {
        ...{ vm: address, namespace, kind: 'endpoints', meshx: all.some(({ each }) => appliedByMeshx(each)), address },
        ...{ state: services.every(({ served }) => !served) ? 'draining' : 'registered', services, disagreements: [] },
      };
    })
    .toSorted((a, b) => compare(a.namespace, b.namespace) || compare(a.vm, b.vm));
}

function serviceOf(endpoints: KubeObject, address: string): ServiceStatus {
  const subsets = parseSubsets(endpoints);
  const served = isReady(subsets, address) === true;
  const holding = subsets.filter((subset) => addressesOf([subset]).includes(address));
  const ports = holding.flatMap((subset) => subset.ports).map((port) => ({ ...port, present: true }));
  return { name: endpoints.metadata.name, state: served ? 'ready' : 'draining', said: false, served, ports };
}
