import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { hasZstd } from '../../src/reconcile/zstd.ts';
import { repackWithZstd } from '../../src/vm/package/zstd-deb.ts';
import { debOf, sidecarDeb } from '../support/deb.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { rawFrames } from '../support/zstd.ts';

const { signal } = new AbortController();

async function repacked(deb: Buffer, packer = rawFrames()) {
  const folder = temporaryFolder();
  const [from, to] = [join(folder, 'from.deb'), join(folder, 'to.deb')];
  writeFileSync(from, deb);
  await using file = await open(to, 'wx');
  return { from, to, done: await repackWithZstd(from, file, { signal, packer }) };
}

const run = (...words: readonly string[]): string => execFileSync('dpkg-deb', words, { encoding: 'utf8' });

test.each([
  ['of even and odd lengths', {}],
  ['with an empty file', { './empty': '' }],
  ['larger than a block', { './large': 'text of a file '.repeat(100_000), './usr/bin/x': 'x' }],
])('dpkg-deb unpacks the same files, and reads the same fields: %s', async (_what, more: Record<string, string>) => {
  for (const text of ['odd', 'even']) {
    const { from, to, done } = await repacked(await sidecarDeb({}, { './usr/local/bin/envoy': text, ...more }));
    expect(done).toBe(true);
    expect(execFileSync('ar', ['t', to], { encoding: 'utf8' })).toBe('debian-binary\ncontrol.tar.gz\ndata.tar.zst\n');
    expect(run('-f', to)).toBe(run('-f', from));
    expect(run('-c', to)).toBe(run('-c', from));
    const trees = [from, to].map((deb) => {
      const tree = temporaryFolder();
      run('-x', deb, tree);
      return readdirSync(tree, { recursive: true, encoding: 'utf8' })
        .filter((name) => statSync(join(tree, name)).isFile())
        .map((name) => [name, readFileSync(join(tree, name), 'utf8')]);
    });
    expect(trees[1]).toEqual(trees[0]);
  }
});

test.each([
  ['xz', 'data.tar.xz'],
  ['nothing', 'data.tar'],
  ['zstd', 'data.tar.zst'],
])('a package whose files %s packs stays as it is', async (_what, name) => {
  const deb = debOf(['control.tar.gz', gzipSync('control')], [name, Buffer.from('files')]);
  const { to, done } = await repacked(deb);
  expect([done, statSync(to).size]).toEqual([false, 0]);
});

test.each([
  ['is cut off', (deb: Buffer) => deb.subarray(0, deb.length - 40)],
  ['is damaged', (deb: Buffer) => deb.fill(7, deb.length - 60)],
  ['is no .deb', () => Buffer.from('text')],
])('a package that %s is an error', async (_what, change) => {
  const deb = await sidecarDeb({}, { './usr/local/bin/envoy': 'envoy'.repeat(100) });
  await expect(repacked(change(deb))).rejects.toThrow();
});

// Node.js has zstd since 22.15; the executable has it always: test/e2e/installed.test.ts.
test('zstd of Node.js packs it smaller than gzip, or it is not packed', async () => {
  const deb = await sidecarDeb({}, { './usr/local/bin/envoy': 'text of a file '.repeat(100_000) });
  const folder = temporaryFolder();
  const [from, to] = [join(folder, 'from.deb'), join(folder, 'to.deb')];
  writeFileSync(from, deb);
  await using file = await open(to, 'wx');
  expect(await repackWithZstd(from, file, { signal })).toBe(hasZstd);
  expect(statSync(to).size > 0).toBe(hasZstd);
  expect(statSync(to).size).toBeLessThan(deb.length);
});
