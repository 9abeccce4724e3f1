import { holdAddress, formatSubsets, isReady, parseSubsets } from '../mesh/classic/subsets.ts';
import { refOf, type KubeObject } from '../mesh/kube-object.ts';
import { mapping, textMapping } from '../mesh/unknown.ts';
import { DRAINING, READY, serviceKey, servicesNamed } from '../mesh/workload-labels.ts';
import { appliedByMeshx } from './applied-object.ts';
import { automaticGroup, entryAddress, entryLabels, listEntries } from './entries.ts';
import type { Kubernetes } from './kubernetes.ts';
import { EMPTY_PLAN, type ClusterPlan, type Relabel } from './plan.ts';

/** Which VM of a cluster. */
export interface RegisteredVm {
  readonly generation: 'current' | 'classic';
  readonly namespace: string;
  /** Its WorkloadGroup; a classic cluster has none. */
  readonly group: string;
  /** Addresses of the machine; its entry has one of them. */
  readonly addresses: readonly string[];
  readonly signal?: AbortSignal;
}

/** What has to be written so that clients stop, or begin, to open connections to a VM. */
export interface Rotation {
  readonly plan: ClusterPlan;
  /** Services whose state the plan changes. */
  readonly services: readonly string[];
  /** Services of other owners, which no label of ours takes the VM out of. */
  readonly foreign: readonly string[];
}

/**
 * Takes the services of one VM out of rotation (`out`) or back (`in`). Only reads. Current: meshx's own labels on the
 * entry, from `ready` to `draining` and back; another word is left alone. Classic: the address moves among the Endpoints'
 * notReadyAddresses, which Pilot passes over; so a run that dies loses nothing.
 */
export function planRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
  return vm.generation === 'current' ? currentRotation(kube, vm, to) : classicRotation(kube, vm, to);
}

/** The entries of this VM: one, or none while its sidecar is not connected. */
async function entriesOf(kube: Kubernetes, vm: Omit<RegisteredVm, 'generation'>): Promise<readonly KubeObject[]> {
  const entries = await listEntries(kube, vm.namespace, vm.signal);
  return entries.filter((entry) => automaticGroup(entry) === vm.group && vm.addresses.includes(entryAddress(entry)));
}

async function currentRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
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

/** Services that are not selected by meshx's label of their name. */
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

async function classicRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation> {
  const found = (await classicEndpoints(kube, vm)).filter((endpoints) => readyIn(endpoints, vm) === (to === 'out'));
  const change = found.map((endpoints) => {
    const subsets = vm.addresses.reduce((held, ip) => holdAddress(held, ip, to === 'in'), parseSubsets(endpoints));
    return { object: { ...endpoints, subsets: formatSubsets(subsets, endpoints) }, fields: ['subsets'] };
  });
  return { plan: { ...EMPTY_PLAN, change }, services: found.map(({ metadata }) => metadata.name), foreign: [] };
}

/** Endpoints that hold an address of the VM because meshx wrote it there. */
export async function classicEndpoints(
  kube: Kubernetes,
  { namespace, signal, ...vm }: Pick<RegisteredVm, 'namespace' | 'addresses' | 'signal'>,
): Promise<readonly KubeObject[]> {
  const all = await kube.list({ apiVersion: 'v1', kind: 'Endpoints', namespace }, signal);
  return all.filter((endpoints) => readyIn(endpoints, vm) !== undefined && appliedByMeshx(endpoints));
}

function readyIn(endpoints: KubeObject, { addresses }: Pick<RegisteredVm, 'addresses'>): boolean | undefined {
  const subsets = parseSubsets(endpoints);
  const states = addresses.map((address) => isReady(subsets, address)).filter((state) => state !== undefined);
  return states.length === 0 ? undefined : states.includes(true);
}
