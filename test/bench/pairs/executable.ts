import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../../lab/command.ts';
import type { Bench } from '../bench.ts';
import { nothingToClose, type Series } from '../series.ts';
import { startsOf } from './start.ts';

/** The packaged executable beside the Node.js in it, and beside the files that npm installs. */
export const executable: Series = {
  id: 'executable',
  rounds: 41,
  open: async (bench) => {
    const { meshx, node } = await packaged(bench);
    const manifests = join(bench.lab.names.project, 'examples/classic-cluster');
    const words = ['generate-cluster-env', '--manifests', manifests, '--print'];
    const sides = [
      { id: '--version', take: startsOf(bench, [meshx, '--version']) },
      { id: 'node', take: startsOf(bench, [node, '-e', '0']) },
      { id: 'files', take: startsOf(bench, [meshx, ...words]) },
      { id: 'files-npm', take: startsOf(bench, [...bench.meshx, ...words]) },
    ];
    return { warmUp: true, sides, [Symbol.asyncDispose]: nothingToClose };
  },
};

/** The program out of the tarball and the stripped Node.js that it contains, both copied alike. */
export async function packaged({ lab, folder }: Bench): Promise<Readonly<Record<'meshx' | 'node', string>>> {
  const { project, cache } = lab.names;
  const [out, runtimes] = [join(folder, 'packages'), join(cache, 'runtimes')];
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const { arch } = process;
  await must(['npm', 'run', '--silent', 'package', '--', '--arch', arch, '--out', out, '--cache', runtimes], {
    cwd: project,
    timeoutMs: 600_000,
  });
  const json = async (name: string): Promise<{ readonly version: string }> =>
    // as: our own files, which have a version each.
    JSON.parse(await readFile(join(project, name), 'utf8')) as { readonly version: string };
  const name = `meshx-${(await json('package.json')).version}-linux-${arch}`;
  await must(['tar', '-xzf', join(out, `${name}.tar.gz`), '-C', out]);
  const { version } = await json('scripts/package/runtimes.json');
  const copies = { meshx: join(out, 'meshx'), node: join(out, 'node') };
  // How a file got into the page cache changes a start by 3 ms.
  await copyFile(join(out, name, 'meshx'), copies.meshx);
  await copyFile(join(runtimes, `node-${version}-${arch}`, 'node'), copies.node);
  return copies;
}
