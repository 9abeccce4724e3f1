import { gatherClusterFacts } from '../../cluster/facts/facts.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { readOnce } from '../../cluster/api/read-once.ts';
import { classicClusterEnv } from '../../mesh/classic/files.ts';
import { type CurrentBundle, currentBundle } from '../../mesh/current/bundle.ts';
import { refuseContradictions } from '../../mesh/current/contradictions.ts';
import { refuseEntryName } from '../../mesh/entry-name.ts';
import type { Workload } from '../../mesh/workload.ts';
import { cliProblems } from '../../problems/cli.ts';
import { openCluster, withCompute } from '../../operations/connection/cluster.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { existingWorkload, wantedWorkload } from '../../operations/join/workload.ts';
import { vmSecrets, TOKEN_SECRET } from '../../cluster/registration/vm-secrets.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { workloadOptions } from '../workload-input.ts';
import { deliver, GENERATOR_FORMATS, type GeneratedFile, installCommand } from './generated-files.ts';
import { present } from '../../present.ts';

const CLUSTER_ENV = '/var/lib/istio/envoy/cluster.env';

/** `meshx generate-cluster-env [CLUSTER]` */
export async function generateClusterEnv(call: Call): Promise<void> {
  const input = new Input('generate-cluster-env', call);
  const words = { cluster: clusterOptions(input), workload: workloadOptions(input) };
  input.choice('output', GENERATOR_FORMATS);
  input.accept();
  refuseForeignVariables(call.world.env);

  const { kube, namespace } = await openCluster(call.world, words.cluster, words.workload.namespace);
  const options = await withCompute(call.world, words.cluster, call.args[0] ?? input.text('cluster'));
  const facts = await gatherClusterFacts(kube, { ...options, namespace });
  if (facts.generation === 'classic') {
    call.terminal.err(`service range from ${facts.serviceCidrSource}`);
    return deliver(input, [clusterEnvFile(classicClusterEnv(facts))]);
  }

  const group = words.workload.group;
  if (!group) throw cliProblems.workloadGroupNeeded({ cluster: kube.name });
  const { signal } = call.world;
  const once = readOnce(kube);
  const before = await existingWorkload(once, { group, namespace, signal });
  // Nothing is written to the cluster here: what a group says is all that istiod will know of the VM.
  if (before) refuseContradictions(before, words.workload);
  const place = { generation: facts.generation, ambient: facts.ambient === true, hostname: group, namespace, signal };
  const workload = await wantedWorkload(once, words.workload, place);
  refuseEntryName(workload, undefined);
  const bundle = { captureDns: words.workload.captureDns, ...present({ serviceCidr: options.serviceCidr }) };
  call.terminal.err(`istiod at ${facts.istiodAddresses[0] ?? 'no address'} from ${facts.istiodAddressSource}`);
  const made = currentBundle(facts, workload, bundle);
  if (made.note !== undefined) call.terminal.err(`note: ${made.note}`);
  await deliver(input, [
    ...currentFiles(made),
    ...(input.flag('token') ? [await tokenFile(kube, workload, call.world.signal)] : []),
  ]);
}

function clusterEnvFile(text: string): GeneratedFile {
  const name = 'cluster.env';
  return { name, text, place: CLUSTER_ENV, install: installCommand(name, CLUSTER_ENV, ['root', '0644']) };
}

function currentFiles({ clusterEnv, meshYaml, rootCert, hosts }: CurrentBundle): readonly GeneratedFile[] {
  const file = (name: string, text: string, place: string, owner: string): GeneratedFile => {
    return { name, text, place, install: installCommand(name, place, [owner, '0644']) };
  };
  return [
    clusterEnvFile(clusterEnv),
    file('mesh.yaml', meshYaml, '/etc/istio/config/mesh', 'root'),
    file('root-cert.pem', rootCert, '/etc/certs/root-cert.pem', 'istio-proxy'),
    { name: 'hosts', text: hosts, place: '/etc/hosts', install: 'sudo sh -c "cat hosts >> /etc/hosts"' },
  ];
}

async function tokenFile(kube: Kubernetes, workload: Workload, signal: AbortSignal): Promise<GeneratedFile> {
  const name = TOKEN_SECRET;
  const token = await vmSecrets(kube, workload).secret(name, signal);
  const place = '/var/run/secrets/tokens/istio-token';
  return { name, text: token, mode: 0o600, place, install: installCommand(name, place, ['istio-proxy', '0600']) };
}
