// The Node.js that goes into the executable: an npm package for each processor, pinned by its sha512 in runtimes.json.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from './run.mjs';

/** Version of Node.js in the executable, and the packages' digests by processor. */
export const RUNTIMES = JSON.parse(await readFile(new URL('runtimes.json', import.meta.url), 'utf8'));

// A strip for another processor comes with Debian's binutils-aarch64-linux-gnu.
const STRIP = { x64: 'x86_64-linux-gnu-strip', arm64: 'aarch64-linux-gnu-strip' };

/** Folder with `node`, stripped, and its LICENSE. Downloaded once, then taken from the cache. */
export async function runtime(arch, cache) {
  const folder = join(cache, `node-${RUNTIMES.version}-${arch}`);
  if (existsSync(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const aside = await mkdtemp(`${folder}.`);
  try {
    await must('tar', ['-xzf', await download(arch, aside), '-C', aside, 'package/bin/node', 'package/LICENSE']);
    await must(STRIP[arch], ['--strip-unneeded', join(aside, 'package/bin/node')]);
    await rename(join(aside, 'package/bin/node'), join(aside, 'package/node'));
    await rename(join(aside, 'package'), folder).catch((error) => {
      // Another build was faster.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return folder;
}

async function download(arch, folder) {
  const wanted = `node-linux-${arch}@${RUNTIMES.version}`;
  const [packed] = JSON.parse(await must('npm', ['pack', '--json', '--silent', wanted], { cwd: folder }));
  const file = join(folder, packed.filename);
  const found = `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`;
  if (found !== RUNTIMES.integrity[arch]) throw new Error(`${wanted} has ${found}, runtimes.json has another digest`);
  return file;
}
