import { chmodSync, cpSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { COMPLETE, directorySha256, directoryStream } from '../../src/reconcile/directory-stream.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function tree(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'b'));
  writeFileSync(join(folder, 'b/agent'), 'agent\n', { mode: 0o755 });
  writeFileSync(join(folder, 'a'), 'x'.repeat(1_000_000));
  symlinkSync('a', join(folder, 'c'));
  return folder;
}

async function bytes(directory: string, sha256?: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of directoryStream(directory, sha256 === undefined ? {} : { sha256 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('the stream has every entry in order, owned by root, and says at its end that it is whole', async () => {
  const unpacked = extract();
  unpacked.end(await bytes(tree()));
  const found: unknown[] = [];
  for await (const entry of unpacked) {
    const { name, type, mode, uid } = entry.header;
    found.push([name, type, mode, uid]);
    entry.resume();
  }
  expect(found).toEqual([
    ['a', 'file', 0o644, 0],
    ['b', 'directory', 0o755, 0],
    ['b/agent', 'file', 0o755, 0],
    ['c', 'symlink', 0o755, 0],
    [COMPLETE, 'file', 0o600, 0],
  ]);
});

test('the same content gives the same bytes and the same name, whenever it was copied', async () => {
  const [one, two] = [tree(), temporaryFolder()];
  cpSync(one, two, { recursive: true, verbatimSymlinks: true });
  utimesSync(join(two, 'a'), 1, 1);
  expect((await bytes(two)).equals(await bytes(one))).toBe(true);
  const sha256 = await directorySha256(one);
  expect(await directorySha256(two)).toBe(sha256);
  await expect(bytes(two, sha256)).resolves.toBeInstanceOf(Buffer);
  chmodSync(join(two, 'a'), 0o755);
  expect(await directorySha256(two)).not.toBe(sha256);
});

test('a stream of another content ends without its last entry', async () => {
  const folder = tree();
  const chunks: Buffer[] = [];
  const read = async () => {
    for await (const chunk of directoryStream(folder, { sha256: 'another' })) chunks.push(chunk);
  };
  await expect(read()).rejects.toMatchObject({ id: 'source-digest' });
  expect(Buffer.concat(chunks).includes(COMPLETE)).toBe(false);
});

test.each([
  ['a name with a line break', (folder: string) => writeFileSync(join(folder, 'x\n'), '')],
  ['a directory with an escape', (folder: string) => mkdirSync(join(folder, 'x\u001b[0m'))],
  ['a link to a name with a line break', (folder: string) => symlinkSync('a\nb', join(folder, 'd'))],
  ['a link that climbs', (folder: string) => symlinkSync('../../etc/shadow', join(folder, 'b/d'))],
])('a directory with %s is refused before anything is sent', async (_what, add) => {
  const folder = tree();
  add(folder);
  await expect(directorySha256(folder)).rejects.toMatchObject({ id: 'package-unsafe' });
  await expect(bytes(folder)).rejects.toMatchObject({ id: 'package-unsafe' });
});
