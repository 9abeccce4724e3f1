import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { revisionSuffix } from '../../cluster/api/refs.ts';
import { imageVersion, readOptional } from '../../cluster/facts/deployment-version.ts';
import { detectGeneration } from '../../cluster/facts/detect-generation.ts';
import type { FactsOptions } from '../../cluster/facts/facts-options.ts';
import type { GenerationName } from '../../mesh/generation.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { statusProblems } from '../../problems/status.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import { classicStatuses } from './classic-status.ts';
import { byMachine, type MachinesOptions, withMachines } from './read-machines.ts';
import type { MeshStatus, VmStatus } from './mesh-status.ts';
import { statusesOf } from './namespace-status.ts';
import { readObjects, type StatusObjects } from './read-objects.ts';

export interface StatusOptions {
  readonly cluster: ClusterOptions;
  /** The only namespace; all when absent. */
  readonly namespace?: string;
  /** The only VMs: WorkloadGroup, entry or address, each also as NAMESPACE/NAME; all when empty. */
  readonly vms: readonly string[];
}

/** A mesh that is open: its cluster, and what does not change while it is followed. */
export interface OpenMesh {
  readonly kube: Kubernetes;
  /** Absent where the control plane's namespace may not be read. */
  readonly generation?: GenerationName;
  /** Version of istiod, by the image of its Deployment. */
  readonly istiod?: string;
}

/**
 * All VMs of a mesh, from its cluster alone. The number of requests depends only on the number of namespaces with VMs. Throws
 * `status-vm-unknown`, `istio-not-found`, and Problems of reaching the cluster.
 */
export async function meshStatus(world: World, options: StatusOptions): Promise<MeshStatus> {
  const mesh = await openMesh(world, options);
  const status = await readStatus(world, mesh, options);
  refuseUnknown(status, options.vms);
  return status;
}

/**
 * One VM, with what it says of itself. It is named as in the cluster, or as SSH reaches it. Throws what `meshStatus` throws.
 */
export async function oneStatus(world: World, options: StatusOptions, machines: MachinesOptions): Promise<MeshStatus> {
  const [name = ''] = options.vms;
  const all = await meshStatus(world, { ...options, vms: [] });
  const vms = all.vms.filter((vm) => isCalled(vm, name));
  const [only, ...more] = vms;
  if (only) {
    // Several machines of a group differ by their addresses.
    const word = name.split('/').at(-1) ?? name;
    const isName = more.length === 0 && word === only.vm && only.kind === 'automatic';
    return await withMachines(world, { ...all, vms }, { ...machines, ...(isName && { name: word }) });
  }
  const found = await byMachine(world, all, name, machines);
  if (!found) throw statusProblems.vmUnknown({ vms: [name], cluster: all.cluster });
  return found;
}

/** Connects, and reads the generation of the mesh and the version of istiod. */
export async function openMesh(world: World, { cluster, namespace }: StatusOptions): Promise<OpenMesh> {
  const { kube, facts } = await openCluster(world, cluster, namespace ?? cluster.facts.istioNamespace);
  const [generation, istiod] = await Promise.all([generationOr(kube, facts), istiodVersion(kube, facts)]);
  return { kube, ...present({ generation, istiod }) };
}

/** Whose objects of Istio's namespace may not be read may still read the VMs of their own. */
async function generationOr(kube: Kubernetes, facts: FactsOptions): Promise<GenerationName | undefined> {
  try {
    return await detectGeneration(kube, facts);
  } catch (error) {
    if (error instanceof Problem && error.id === clusterProblems.forbidden.id) return undefined;
    throw error;
  }
}

async function istiodVersion(kube: Kubernetes, { istioNamespace, revision, signal }: FactsOptions) {
  const name = `istiod${revisionSuffix(revision)}`;
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: istioNamespace, name };
  return imageVersion(await readOptional(kube, ref, signal));
}

/** The VMs as they are now. */
export async function readStatus(world: World, mesh: OpenMesh, options: StatusOptions): Promise<MeshStatus> {
  const { namespace, vms } = options;
  const { signal } = world;
  if (hasGroups(mesh))
    return statusOfObjects(world, mesh, await readObjects(mesh.kube, { signal, ...present({ namespace }) }), vms);
  const query = { apiVersion: 'v1', kind: 'Endpoints', ...present({ namespace }) };
  const all = classicStatuses(await mesh.kube.list(query, signal));
  return { ...headOf(world, mesh), vms: all.filter((vm) => isNamed(vm, vms)), notes: [CLASSIC] };
}

/** Whether VMs have WorkloadGroups and entries, as in every mesh whose control plane is unknown. */
export function hasGroups({ generation }: OpenMesh): boolean {
  return generation === undefined || meshGeneration(generation).hasGroups;
}

const CLASSIC =
  'a classic mesh keeps the registered addresses only: nothing in the cluster knows whether a VM is connected or healthy; look at one over SSH: meshx status VM';

/** The status that objects show. Pure but for the clock. */
export function statusOfObjects(
  world: World,
  mesh: OpenMesh,
  { namespaces, notes }: Pick<StatusObjects, 'namespaces' | 'notes'>,
  vms: readonly string[],
): MeshStatus {
  const all = [...namespaces.values()].flatMap(statusesOf);
  return { ...headOf(world, mesh), vms: all.filter((vm) => isNamed(vm, vms)), notes };
}

function headOf({ now }: World, { kube, generation, istiod }: OpenMesh) {
  const at = now().toISOString().replace('.000Z', 'Z');
  return { cluster: kube.name, at, ...present({ generation, istiod }) };
}

function isNamed(vm: VmStatus, words: readonly string[]): boolean {
  return words.length === 0 || words.some((word) => isCalled(vm, word));
}

/** Whether a word names a VM. */
function isCalled({ vm, namespace, entry, address }: VmStatus, word: string): boolean {
  const name = word.startsWith(`${namespace}/`) ? word.slice(namespace.length + 1) : word;
  return [vm, entry, address].includes(name);
}

/** Throws `status-vm-unknown`. */
export function refuseUnknown({ vms, cluster }: MeshStatus, words: readonly string[]): void {
  const unknown = words.filter((word) => !vms.some((vm) => isCalled(vm, word)));
  if (unknown.length > 0) throw statusProblems.vmUnknown({ vms: unknown, cluster });
}
