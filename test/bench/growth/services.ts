import { readFile } from 'node:fs/promises';
import type { Bench } from '../bench.ts';
import { clusterEnvSides } from '../pairs/cluster-env.ts';
import type { Opened, Taken } from '../runner.ts';
import type { Series } from '../series.ts';

const NAMESPACE = 'bench-many';
const SERVICE_COUNTS = [10, 1000, 10_000] as const;
const QUIET_MS = 180_000;

/** `generate-cluster-env` while the cluster has ever more Services. A size cannot be taken back quickly: no turns here. */
export const growthServices: Series = {
  id: 'growth-services',
  rounds: 9,
  open: async (bench) => {
    await bench.lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
    if (!bench.ownLab) await emptied(bench);
    return await grown(bench);
  },
};

async function grown(bench: Bench): Promise<Opened> {
  const { inside, note } = bench;
  const sides = await clusterEnvSides(bench);
  let made = 0;
  const grow = async (count: number): Promise<void> => {
    if (made >= count) return;
    const ms = await inside.time({ ask: 'services', namespace: NAMESPACE, first: made, last: count });
    note(`growth-services  ${count} Services after ${Math.round(ms)} ms`);
    made = count;
    await quiet(bench);
  };
  const at = (count: number) =>
    sides.map(({ id, take }) => ({
      id: id === 'meshx' ? String(count) : `${id}-${count}`,
      take: async (): Promise<Taken | readonly Taken[]> => {
        await grow(count);
        return await take();
      },
    }));
  return {
    warmUp: true,
    inBlocks: SERVICE_COUNTS.map(at),
    sides: [],
    [Symbol.asyncDispose]: async () => (bench.ownLab ? undefined : await emptied(bench)),
  };
}

/** All Services at once: every sidecar that comes later would be sent them. */
async function emptied({ lab }: Bench): Promise<void> {
  const path = `/api/v1/namespaces/${NAMESPACE}/services`;
  const empty = async (): Promise<boolean> => {
    await lab.mesh.try(['delete', '--raw', path]);
    return (await lab.kubectl(['get', '--raw', `${path}?limit=1`])).includes('"items":[]');
  };
  await lab.waitFor('the Services to be gone', empty, { timeoutMs: QUIET_MS });
}

/** Until istiod has taken all of them in: it uses less than a tenth of a core. */
async function quiet({ lab }: Bench): Promise<void> {
  const used = async (): Promise<number> => await cpuSeconds(await lab.processes.pid('istiod'));
  let before = await used();
  const calm = async (): Promise<boolean> => {
    const now = await used();
    const calmed = now - before < 0.1;
    before = now;
    return calmed;
  };
  await lab.waitFor('istiod to be calm', calm, { everyMs: 1000, timeoutMs: QUIET_MS });
}

async function cpuSeconds(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // utime and stime of proc(5), in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
