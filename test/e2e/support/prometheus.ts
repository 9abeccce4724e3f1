import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { built } from '../../lab/cache.ts';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';
import { downloadPackages } from './debian-packages.ts';

const NAME = 'prometheus';

/** Debian's Prometheus in the network of the hub, on its loopback, with a configuration. Ends when it is disposed of. */
export async function startPrometheus(lab: Lab, port: number, config: string): Promise<AsyncDisposable> {
  const program = await built(
    lab.names,
    {
      name: NAME,
      inputs: ['bookworm'],
      build: async (folder) => {
        await downloadPackages(folder, 'bookworm', ['download', NAME]);
        const [file = ''] = (await readdir(folder)).filter((name) => name.endsWith('.deb'));
        await must(['dpkg-deb', '-x', join(folder, file), folder]);
        await rm(join(folder, file));
      },
    },
    () => undefined,
  );
  const folder = await mkdtemp(join(tmpdir(), 'meshx-prometheus-'));
  await writeFile(join(folder, 'prometheus.yml'), config);
  const argv = [
    join(program, 'usr/bin/prometheus'),
    ...[`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  await lab.processes.start(NAME, { argv, cwd: folder, namespace: lab.names.hub });
  const ready = ['curl', '-sf', '--max-time', '2', `http://127.0.0.1:${port}/-/ready`];
  await lab.processes.answers(NAME, 'Prometheus', async () => (await lab.in('hub', ready)).exitCode === 0);
  return {
    [Symbol.asyncDispose]: async () => {
      await lab.processes.stop(NAME);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
