import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { automaticGroup, entryAddress, listEntries } from '../../cluster/registration/entries.ts';
import { parseName } from '../../mesh/names.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import { tunnelled } from '../../mesh/current/ambient.ts';
import { refuseContradictions } from '../../mesh/current/contradictions.ts';
import { needsServices, withoutService, withService, workloadOf as workloadOfGroup } from '../../mesh/current/group.ts';
import { withStrictPorts } from '../../mesh/current/strict-ports.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { MeshService, Workload } from '../../mesh/workload.ts';
import { accepts } from '../../problems.ts';
import type { OnlyServices, WorkloadOptions } from './options.ts';

/** The account of a classic VM, whose CA keeps a Secret for each existing account. */
const CLASSIC_ACCOUNT = 'default';

/** Facts of the machine and the cluster. */
export interface Found {
  readonly generation: ClusterFacts['generation'];
  /** Some clients of the mesh come through ztunnel. */
  readonly ambient?: boolean;
  readonly hostname: string;
  readonly namespace: string;
  /** Of the VM in the mesh. */
  readonly address?: string;
  readonly signal: AbortSignal;
}

/**
 * The workload of the VM: its WorkloadGroup with the given options added. Services are only added, unless the options name all that may
 * stay. Options that contradict a group of another owner are refused. A classic cluster has no groups. Throws
 * `workload-group-contradicts`.
 */
export async function wantedWorkload(kube: Kubernetes, options: WorkloadOptions, found: Found): Promise<Workload> {
  const { namespace } = found;
  const group = options.group ?? groupName(found.hostname);
  if (!meshGeneration(found.generation).hasGroups) {
    const account = options.serviceAccount ?? CLASSIC_ACCOUNT;
    const workload = merged(undefined, { ...options, serviceAccount: account }, { group, namespace });
    return withServices(workload, options.rest.services);
  }
  const all = await existingWorkload(kube, { ...found, group });
  if (all?.foreignGroup) refuseContradictions(all, options);
  const before = all && (await withoutOthers(kube, all, { ...found, only: options.only }));
  const workload = merged(before, options, { group, namespace });
  const whole = withServices(found.ambient ? tunnelled(workload) : workload, options.rest.services);
  return withStrictPorts(whole, options.strictPorts ?? []);
}

/** The workload without the services that may not stay. A group of another owner, or with other VMs that may have them, keeps them. */
async function withoutOthers(
  kube: Kubernetes,
  workload: Workload,
  { only, address = '', signal }: Found & { readonly only: OnlyServices | undefined },
): Promise<Workload> {
  if (only === undefined || workload.foreignGroup) return workload;
  const dropped = workload.services.map(({ name }) => name).filter((name) => !only.names.includes(name));
  if (dropped.length === 0) return workload;
  const entries = only.ofGroup ? [] : await listEntries(kube, workload.namespace, signal);
  const isShared = entries.some((each) => automaticGroup(each) === workload.group && entryAddress(each) !== address);
  return isShared ? workload : withDropped(workload, dropped, only);
}

/**
 * The same for the services whose files the agent of the machine has, and its group has not: another VM of the group, or a run that died, has
 * already taken them out of it.
 */
export function withoutInstalled(
  workload: Workload,
  files: readonly string[],
  only: OnlyServices | undefined,
): Workload {
  if (only === undefined || workload.foreignGroup) return workload;
  const kept = [...only.names, ...workload.services.map(({ name }) => name), ...(workload.dropped ?? [])];
  const names = files.map((file) => file.replace(/\.yaml$/, '')).filter(accepts((name) => parseName(name, 'service')));
  const gone = names.filter((name) => !kept.includes(name));
  return gone.length === 0 ? workload : withDropped(workload, gone, only);
}

function withDropped(workload: Workload, names: readonly string[], { inUse }: OnlyServices): Workload {
  const dropped = [...(workload.dropped ?? []), ...names];
  const ended = dropped.filter((name) => !inUse.includes(name));
  return { ...names.reduce(withoutService, workload), dropped, ended };
}

/** The workload of an existing group. Services are read only if the group does not hold their ports. */
export async function existingWorkload(
  kube: Kubernetes,
  { namespace, group: name, signal }: Pick<Found, 'namespace' | 'signal'> & { readonly group: string },
): Promise<Workload | undefined> {
  const group = await kube.get({ apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name }, signal);
  if (group === undefined) return undefined;
  const services = needsServices(group)
    ? await kube.list({ apiVersion: 'v1', kind: 'Service', namespace }, signal)
    : [];
  return workloadOfGroup(group, services);
}

function merged(
  before: Workload | undefined,
  options: WorkloadOptions,
  name: Pick<Workload, 'group' | 'namespace'>,
): Workload {
  return {
    ...before,
    ...options.rest,
    ...name,
    serviceAccount: options.serviceAccount ?? before?.serviceAccount ?? name.group,
    labels: { ...before?.labels, ...options.rest.labels },
    services: before?.services ?? [],
  };
}

function withServices(workload: Workload, services: readonly MeshService[]): Workload {
  return services.reduce(withService, workload);
}

/**
 * A host name as the name of a WorkloadGroup: its first label, in lower case. Throws `bad-name` for an empty result.
 */
export function groupName(hostname: string): string {
  const plain = (hostname.split('.')[0] ?? '').toLowerCase().replace(/[^a-z0-9-]+/g, '-');
  return parseName(plain.replace(/^-+|-+$/g, '').slice(0, 63), 'group');
}

/** The same; undefined for an empty result. */
export function groupNameOrNone(hostname: string): string | undefined {
  return /[a-z0-9]/i.test(hostname.split('.')[0] ?? '') ? groupName(hostname) : undefined;
}
