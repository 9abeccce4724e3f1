import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kubectlOf } from '../alternatives/istioctl.ts';
import type { Bench } from '../bench.ts';
import { mustJoin, takenOf } from '../joins.ts';
import { runMeshx } from '../meshx.ts';
import { clearSeat, makeSeat } from '../seat.ts';
import { nothingToClose, type Series } from '../series.ts';

const LIMIT_MS = 30_000;
const NAMESPACE = 'bench-register';
const REGISTER = ['register', 'db', '10.150.0.250', '3306', '-n', NAMESPACE, '--yes'] as const;

/** A service on a machine: by meshx, and by kubectl from a file of the objects that meshx made. */
export const register: Series = {
  id: 'register',
  rounds: 11,
  open: async (bench) => {
    await makeSeat(bench, NAMESPACE);
    await clearSeat(bench, NAMESPACE);
    mustJoin(await runMeshx(bench, REGISTER, LIMIT_MS));
    const file = await keepObjects(bench);
    const cleared = async (argv: readonly string[]) => {
      await clearSeat(bench, NAMESPACE);
      return takenOf(await bench.inside.spawn({ argv, limitMs: LIMIT_MS, memory: true }));
    };
    return {
      warmUp: true,
      sides: [
        { id: 'meshx', take: () => cleared([...bench.meshx, ...REGISTER]) },
        { id: 'kubectl', take: () => cleared([kubectlOf(bench), 'apply', '-f', file]) },
      ],
      [Symbol.asyncDispose]: nothingToClose,
    };
  },
};

interface Kept {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** What is in the namespace now, without what the API server adds, as a file for kubectl. */
async function keepObjects({ lab, folder }: Bench): Promise<string> {
  const kinds = 'services,workloadentries,serviceaccounts,serviceentries';
  // as: what kubectl prints with -o json.
  const { items } = JSON.parse(await lab.kubectl(['-n', NAMESPACE, 'get', kinds, '-o', 'json'])) as { items: Kept[] };
  const bare = items.map(({ apiVersion, kind, metadata, spec }) => {
    const { name, namespace, labels, annotations } = metadata;
    const { clusterIP: _ip, clusterIPs: _ips, ...rest } = spec ?? {};
    return { apiVersion, kind, metadata: { name, namespace, labels, annotations }, ...(spec && { spec: rest }) };
  });
  const file = join(folder, 'register.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: bare }));
  return file;
}
