import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { istioctlOf } from '../alternatives/istioctl.ts';
import { type Bench, ISTIOD } from '../bench.ts';
import { takenOf } from '../joins.ts';
import { runMeshx } from '../meshx.ts';
import type { Side } from '../runner.ts';
import { makeSeat } from '../seat.ts';
import { nothingToClose, type Series } from '../series.ts';

const LIMIT_MS = 30_000;
const NAMESPACE = 'bench-files';

/** cluster.env, mesh.yaml, root-cert.pem, hosts and the token of a WorkloadGroup that is there. */
export const clusterEnv: Series = {
  id: 'cluster-env',
  rounds: 11,
  open: async (bench) => ({
    warmUp: true,
    sides: await clusterEnvSides(bench),
    [Symbol.asyncDispose]: nothingToClose,
  }),
};

/** meshx and istioctl, each with a folder of its own. */
export async function clusterEnvSides(bench: Bench): Promise<readonly Side[]> {
  await makeSeat(bench, NAMESPACE);
  const metadata = { name: 'db', namespace: NAMESPACE };
  const group = {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup', metadata },
    spec: { metadata: { labels: { app: 'db' } }, template: { serviceAccount: 'db', ports: { 'tcp-mysql': 3306 } } },
  };
  await bench.lab.mesh.apply([{ apiVersion: 'v1', kind: 'ServiceAccount', metadata }, group]);
  const file = join(bench.folder, 'workloadgroup.json');
  await writeFile(file, JSON.stringify(group));
  const [ours, theirs] = ['files-meshx', 'files-istioctl'].map((name) => join(bench.folder, name));
  for (const folder of [ours, theirs]) await mkdir(folder ?? '', { recursive: true });
  const meshx = ['generate-cluster-env', '-n', NAMESPACE, '--workload-group', 'db', '--service', 'db:3306', '--token'];
  const istioctl = [istioctlOf(bench), 'x', 'workload', 'entry', 'configure', '-f', file, '-o', theirs ?? ''];
  const argv = [...istioctl, '--clusterID', 'Kubernetes', '--autoregister', '--ingressIP', ISTIOD];
  const words = [...meshx, '--istiod-address', ISTIOD, '--out', ours ?? ''];
  return [
    { id: 'meshx', take: async () => takenOf(await runMeshx(bench, words, LIMIT_MS)) },
    { id: 'istioctl', take: async () => takenOf(await bench.inside.spawn({ argv, limitMs: LIMIT_MS, memory: true })) },
  ];
}
