import {
  declaredPorts,
  DRAINED_ANNOTATION,
  drainedPorts,
  entryPorts,
  formatEntryPorts,
} from '../../mesh/current/entry-ports.ts';
import { type KubeObject, refOf } from '../../mesh/kube-object.ts';
import { mapping, textMapping } from '../../mesh/unknown.ts';
import { DRAINING, READY, serviceKey, servicesNamed } from '../../mesh/workload-labels.ts';
import { automaticGroup, entryAddress, entryLabels, listEntries } from './entries.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import { EMPTY_PLAN, type Relabel } from '../api/plan.ts';
import type { RegisteredVm, Rotation } from './registered-vm.ts';
import { keysToNudge, leadsTo, selectsLabel, servicesNamedSo } from './service-targets.ts';

/** The VM's entry; none while its sidecar is disconnected. */
async function entriesOf(kube: Kubernetes, vm: Omit<RegisteredVm, 'generation'>): Promise<readonly KubeObject[]> {
  const entries = await listEntries(kube, vm.namespace, vm.signal);
  return entries.filter((entry) => automaticGroup(entry) === vm.group && vm.addresses.includes(entryAddress(entry)));
}

/**
 * Takes the VM out of rotation: its entry first loses its named ports, so that istiod drops the endpoints, then each
 * label goes from `ready` to `draining`. Or back, with the ports that it lost. Other values of labels stay.
 */
export async function currentRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
  const entries = await entriesOf(kube, vm);
  if (to === 'in') return rotation(entries.flatMap(returning), entries, []);
  const names = servicesIn(entries.flatMap((entry) => keysOf(entry, READY)));
  const services = await servicesNamedSo(kube, names, vm);
  const foreign = services.filter((service) => !selectsLabel(service) && leadsTo(service, {}));
  return rotation(
    entries.flatMap((entry) => leaving(kube, entry, services)),
    entries,
    foreign.map(({ metadata }) => metadata.name),
  );
}

/** Services whose labels change. When a dead run changed only the ports, those in rotation return. */
function rotation(relabel: readonly Relabel[], entries: readonly KubeObject[], foreign: readonly string[]): Rotation {
  const changed = relabel.flatMap(({ labels = {} }) => servicesNamed(textMapping(labels)));
  const ready = entries.flatMap((entry) => servicesIn(keysOf(entry, READY)));
  const services = relabel.length > 0 && changed.length === 0 ? ready : changed;
  return { plan: { ...EMPTY_PLAN, relabel }, services, foreign };
}

/** Two patches, because istiod recomputes only the Services that select the entry after a change. */
function leaving(kube: Kubernetes, entry: KubeObject, services: readonly KubeObject[]): readonly Relabel[] {
  const keys = keysOf(entry, READY);
  if (keys.length === 0) return [];
  const ref = refOf(entry);
  const ports = entryPorts(entry);
  const drained = formatEntryPorts({ ...drainedPorts(entry), ...ports });
  const removed = Object.fromEntries(Object.keys(ports).map((name) => [name, null]));
  const labels = Object.fromEntries(keys.map((key) => [key, DRAINING]));
  const nudge = keysToNudge(kube, services, { keys, ports: {} });
  return [
    ...(drained === '' ? [] : [{ ref, ports: removed, annotations: { [DRAINED_ANNOTATION]: drained } }]),
    { ref, labels, ...(nudge.length > 0 && { nudge }) },
  ];
}

function returning(entry: KubeObject): readonly Relabel[] {
  const keys = keysOf(entry, DRAINING);
  const drained = drainedPorts(entry);
  if (keys.length === 0 && drained === undefined) return [];
  const declared = declaredPorts(entry) ?? drained;
  const kept = Object.entries(drained ?? {}).filter(([name, number]) => declared?.[name] === number);
  const ports = drained && Object.fromEntries(kept);
  const labels = Object.fromEntries(keys.map((key) => [key, READY]));
  return [
    {
      ref: refOf(entry),
      ...(keys.length > 0 && { labels }),
      ...(ports && { ports, annotations: { [DRAINED_ANNOTATION]: null } }),
    },
  ];
}

/** Keys of meshx's labels with this value, in the metadata or in the spec. */
function keysOf(entry: KubeObject, value: string): readonly string[] {
  const labels = entryLabels(entry);
  const inSpec = textMapping(mapping(entry['spec'])['labels']);
  return servicesNamed(labels)
    .map(serviceKey)
    .filter((key) => labels[key] === value || inSpec[key] === value);
}

function servicesIn(keys: readonly string[]): readonly string[] {
  return [...new Set(servicesNamed(Object.fromEntries(keys.map((key) => [key, READY]))))];
}
