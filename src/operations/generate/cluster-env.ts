import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { readOnce } from '../../cluster/api/read-once.ts';
import { gatherClusterFacts } from '../../cluster/facts/facts.ts';
import { TOKEN_SECRET, vmSecrets } from '../../cluster/registration/vm-secrets.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import { refuseContradictions } from '../../mesh/current/contradictions.ts';
import { refuseEntryName } from '../../mesh/entry-name.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { VmFile } from '../../mesh/vm-file.ts';
import type { Workload } from '../../mesh/workload.ts';
import { present } from '../../present.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster, withCompute } from '../connection/cluster.ts';
import type { WorkloadOptions } from '../join/options.ts';
import { existingWorkload, wantedWorkload } from '../join/workload.ts';

/** The workload whose files are made. */
export interface GenerateOptions {
  readonly cluster: ClusterOptions;
  /** The cluster's name at its provider, which knows the service range. */
  readonly provided: string | undefined;
  readonly workload: WorkloadOptions;
  /** Also the token, a secret that is valid for ten minutes. */
  readonly token: boolean;
}

/** The files that a VM of the cluster needs before it joins. Only reads. Throws `workload-group-needed`. */
export async function generateClusterEnv(world: World, options: GenerateOptions): Promise<readonly VmFile[]> {
  const { kube, namespace } = await openCluster(world, options.cluster, options.workload.namespace);
  const known = await withCompute(world, options.cluster, options.provided);
  const facts = await gatherClusterFacts(kube, { ...known, namespace });
  const mesh = meshGeneration(facts.generation);
  const place = { namespace, signal: world.signal };
  const workload = mesh.hasGroups ? await groupWorkload(kube, options.workload, { ...place, facts }) : undefined;
  world.note(mesh.source(facts));
  const { captureDns } = options.workload;
  const made = mesh.files(facts, workload, { captureDns, ...present({ serviceCidr: known.serviceCidr }) });
  if (made.note !== undefined) world.note(`note: ${made.note}`);
  return workload && options.token ? [...made.files, await tokenFile(kube, workload, world.signal)] : made.files;
}

async function groupWorkload(
  kube: Kubernetes,
  options: WorkloadOptions,
  { facts, ...place }: { readonly facts: ClusterFacts; readonly namespace: string; readonly signal: AbortSignal },
): Promise<Workload> {
  const { group } = options;
  if (group === undefined) throw cliProblems.workloadGroupNeeded({ cluster: kube.name });
  const once = readOnce(kube);
  const before = await existingWorkload(once, { ...place, group });
  // Nothing is written to the cluster, so an existing group is all that istiod will know of the VM.
  if (before) refuseContradictions(before, options);
  const { generation } = facts;
  const ambient = meshGeneration(generation).isAmbient(facts);
  const workload = await wantedWorkload(once, options, { ...place, generation, ambient, hostname: group });
  refuseEntryName(workload, undefined);
  return workload;
}

async function tokenFile(kube: Kubernetes, workload: Workload, signal: AbortSignal): Promise<VmFile> {
  const text = await vmSecrets(kube, workload).secret(TOKEN_SECRET, signal);
  const place = '/var/run/secrets/tokens/istio-token';
  return { name: TOKEN_SECRET, text, place, owner: 'istio-proxy', mode: '0600' };
}
