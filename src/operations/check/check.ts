import type { CheckReport } from '../../checks/report/report.ts';
import { isHealthy } from '../../checks/report/report.ts';
import type { Result } from '../../checks/check.ts';
import { type JudgedPart, judgePicture, unknownVms } from '../../checks/mesh/judge-picture.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { poll } from '../../cluster/api/poll.ts';
import type { FactsOptions } from '../../cluster/facts/facts-options.ts';
import type { Caller, ClusterPicture } from '../../cluster/picture/picture.ts';
import { readClusterPicture } from '../../cluster/picture/read-picture.ts';
import { present } from '../../present.ts';
import { checkProblems } from '../../problems/check.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';

export interface CheckOptions extends JudgedPart {
  readonly cluster: ClusterOptions;
  /** The only namespace of VMs; all namespaces with VMs of meshx when absent. */
  readonly namespace?: string;
  /** The workload that calls the VMs' services. */
  readonly caller?: Caller;
  /** Names of accepted risks. */
  readonly accepted: readonly string[];
}

/** How often a cluster is read while it is waited for, in milliseconds. */
const PAUSE_MS = 2000;

/**
 * Reads the cluster once and judges it; while waiting, until it is healthy or the time is over. Only reads. Throws `check-vm-unknown`,
 * `check-needs-istiod`, and Problems of reaching the cluster.
 */
export async function checkMesh(world: World, options: CheckOptions): Promise<CheckReport> {
  const { cluster, namespace } = options;
  const { kube, facts } = await openCluster(world, cluster, namespace ?? cluster.facts.istioNamespace);
  const { timeoutMs = 0 } = cluster.facts.wait ?? {};
  const wait = { timeoutMs, intervalMs: PAUSE_MS, what: 'wait until the mesh is healthy', signal: world.signal };
  return await poll(() => checkOnce(world, kube, { ...options, facts }), isHealthy, wait);
}

async function checkOnce(
  world: World,
  kube: Kubernetes,
  options: CheckOptions & { readonly facts: FactsOptions },
): Promise<CheckReport> {
  const { facts, namespace, caller, vms, accepted } = options;
  const start = performance.now();
  const picture = await readClusterPicture(kube, { facts, now: world.now(), ...present({ namespace, caller }) });
  refuseUnknown(picture, vms);
  const results = judgePicture(picture, options);
  return {
    cluster: kube.name,
    namespaces: picture.namespaces.map(({ name }) => name),
    results: results.map((result) => withAccepted(result, accepted)),
    ms: Math.round(performance.now() - start),
  };
}

function refuseUnknown(picture: ClusterPicture, vms: readonly string[]): void {
  const unknown = unknownVms(picture, vms);
  const namespaces = picture.namespaces.map(({ name }) => name);
  if (unknown.length > 0) throw checkProblems.vmUnknown({ vms: unknown, cluster: picture.about.cluster, namespaces });
}

/** An accepted risk stays in the report, as a note. */
function withAccepted(result: Result, accepted: readonly string[]): Result {
  if (result.ok !== false || result.risk === undefined || !accepted.includes(result.risk)) return result;
  return { ...result, severity: 'note', detail: `accepted: ${result.detail}` };
}
