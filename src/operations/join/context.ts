import { gatherClusterFacts } from '../../cluster/facts/facts.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Host } from '../../host/run/host.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { MtlsPolicies } from '../../mesh/mutual-tls.ts';
import type { World } from '../../world.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import type { VmAgent } from '../../vm/input.ts';
import type { OpenedPackage } from '../../vm/sidecar-package.ts';
import { openCluster } from '../connection/cluster.ts';
import { type FindPackage, packageFinder } from '../package/find-package.ts';
import { openGivenPackage } from '../package/open-package.ts';
import { findMeshTarget } from '../../cluster/facts/mesh-target.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import { agentProgram } from './agent/program.ts';
import type { JoinOptions } from './options.ts';
import { present } from '../../present.ts';

/** What all VMs of one run share. */
export interface JoinContext {
  readonly world: World;
  readonly options: JoinOptions;
  readonly kube: Kubernetes;
  readonly namespace: string;
  readonly facts: ClusterFacts;
  /** The package that the operator gave. */
  readonly package?: OpenedPackage;
  /** Finds the package for a VM that needs one, if none was given. */
  readonly findPackage?: FindPackage;
  /** The program of the agent: the one that was given, or else meshx itself if it is an executable. */
  readonly agentProgram?: VmAgent['program'];
  /** The policies for mutual TLS; absent for a classic cluster. */
  readonly policies?: MtlsPolicies;
  /** The service of the mesh that the verification requests. */
  readonly meshService?: MeshTarget;
  /** Another VM of the mesh, the client of the verification. */
  readonly client?: Host;
}

/**
 * Reads package and cluster in parallel, before any VM is changed. A Problem of the package is thrown without waiting
 * for the cluster.
 */
export async function openContext(world: World, options: JoinOptions): Promise<JoinContext> {
  const stop = new AbortController();
  const reading = readCluster(world, options, AbortSignal.any([world.signal, stop.signal]));
  const { wanted, from = world.executable } = options.agent;
  const program = from === undefined || !wanted ? undefined : agentProgram(world, from);
  // Errors are handled below.
  for (const each of [reading, program]) each?.catch(() => undefined);
  try {
    const opened = options.package && (await openGivenPackage(world, options.package));
    return { world, options, ...(await reading), ...present({ package: opened, agentProgram: await program }) };
  } finally {
    stop.abort();
    await reading.catch(() => undefined);
  }
}

/** The same run with other options for the cluster, which is read again. The open package is reused. */
export async function reopenContext(options: JoinOptions, context: JoinContext): Promise<JoinContext> {
  return { ...context, options, ...(await readCluster(context.world, options, context.world.signal)) };
}

async function readCluster(world: World, options: JoinOptions, signal: AbortSignal) {
  const { kube, namespace, facts: known } = await openCluster(world, options.cluster, options.workload.namespace);
  // Only a classic VM needs the range; a current one captures everything unless a range is given.
  const facts = await gatherClusterFacts(kube, { ...known, namespace, signal });
  const place = { namespace, signal };
  const { clusterDomain } = facts;
  const [policies, meshService] = await Promise.all([
    clusterGeneration(facts.generation).policies(kube, facts, place),
    options.meshService && findMeshTarget(kube, options.meshService, { ...place, clusterDomain }),
  ]);
  const find = options.package === undefined ? options.findPackage : undefined;
  const findPackage = find && 'istiodHost' in facts ? packageFinder({ world, kube, facts }, find) : undefined;
  return { kube, namespace, facts, ...present({ policies, meshService, findPackage }) };
}
