import { type KubeObject, refOf } from '../../mesh/kube-object.ts';
import { mapping, textMapping } from '../../mesh/unknown.ts';
import { DRAINING, READY, serviceKey, servicesNamed } from '../../mesh/workload-labels.ts';
import { automaticGroup, entryAddress, entryLabels, listEntries } from './entries.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, type Relabel } from '../api/plan.ts';
import type { RegisteredVm, Rotation } from './registered-vm.ts';

/** The VM's entry; none while its sidecar is disconnected. */
async function entriesOf(kube: Kubernetes, vm: Omit<RegisteredVm, 'generation'>): Promise<readonly KubeObject[]> {
  const entries = await listEntries(kube, vm.namespace, vm.signal);
  return entries.filter((entry) => automaticGroup(entry) === vm.group && vm.addresses.includes(entryAddress(entry)));
}

/** Changes meshx's labels on the entry from `ready` to `draining` or back. Other values stay. */
export async function currentRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
  const [from, word] = to === 'out' ? [READY, DRAINING] : [DRAINING, READY];
  const relabel = (await entriesOf(kube, vm)).flatMap((entry): readonly Relabel[] => {
    const labels = entryLabels(entry);
    const keys = servicesNamed(labels).map(serviceKey);
    const changed = keys.filter(
      (key) => labels[key] === from || textMapping(mapping(entry['spec'])['labels'])[key] === from,
    );
    return changed.length === 0
      ? []
      : [{ ref: refOf(entry), labels: Object.fromEntries(changed.map((key) => [key, word])) }];
  });
  const services = relabel.flatMap(({ labels }) => servicesNamed(onlyTexts(labels)));
  return {
    plan: { ...EMPTY_PLAN, relabel },
    services,
    foreign: to === 'out' ? await joinedServices(kube, vm, services) : [],
  };
}

function onlyTexts(labels: Relabel['labels']): Readonly<Record<string, string>> {
  return textMapping(labels);
}

/** Services that do not select meshx's label. */
async function joinedServices(
  kube: Kubernetes,
  vm: RegisteredVm,
  names: readonly string[],
): Promise<readonly string[]> {
  const services = await Promise.all(
    names.map((name) => kube.get({ apiVersion: 'v1', kind: 'Service', namespace: vm.namespace, name }, vm.signal)),
  );
  const isOthers = (service: KubeObject): boolean =>
    !(serviceKey(service.metadata.name) in mapping(mapping(service['spec'])['selector']));
  return services
    .filter((service) => service !== undefined)
    .filter(isOthers)
    .map(({ metadata }) => metadata.name);
}
