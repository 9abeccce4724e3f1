import { mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { packedFile } from '../../src/reconcile/packed-file.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const TEXT = 'text '.repeat(100_000);

/** A file of the operator, and the folder for packed ones. */
function aFile(text = TEXT) {
  const file = join(temporaryFolder(), 'meshx');
  writeFileSync(file, text);
  const folder = join(temporaryFolder(), 'cache', 'packed');
  const source = { file, sha256: sha256(text), packing: 'gzip' } as const;
  return { source, folder, kept: join(folder, `${source.sha256}.gzip`) };
}

async function bytesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** What the machine unpacks when it gets the file, and says whether that was right. */
async function sent({ source, folder }: ReturnType<typeof aFile>, isRight: boolean): Promise<string> {
  const packed = packedFile(source, folder);
  const text = gunzipSync(await bytesOf(packed.chunks())).toString();
  await packed.judged(isRight);
  return text;
}

test('what a machine unpacked rightly is kept, for this user alone, and sent to the next one', async () => {
  const about = aFile();
  expect(await sent(about, true)).toBe(TEXT);
  expect(readdirSync(about.folder)).toEqual([`${about.source.sha256}.gzip`]);
  expect([about.folder, about.kept].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  // From now on it comes from there.
  writeFileSync(about.source.file, 'another program');
  expect(await sent(about, true)).toBe(TEXT);
});

test('what a machine refused is not kept, and a kept file that it refused is packed anew', async () => {
  const about = aFile();
  await sent(about, false);
  expect(readdirSync(about.folder)).toEqual([]);
  await sent(about, true);
  await sent(about, false);
  expect(readdirSync(about.folder)).toEqual([]);
});

test('an upload that ends early leaves nothing', async () => {
  const about = aFile();
  for await (const chunk of packedFile(about.source, about.folder).chunks()) if (chunk.length > 0) break;
  expect(readdirSync(about.folder)).toEqual([]);
});

test('a link is not followed', async () => {
  const about = aFile();
  mkdirSync(about.folder, { recursive: true });
  symlinkSync(about.source.file, about.kept);
  expect(await sent(about, true)).toBe(TEXT);
  expect(statSync(about.kept).size).toBeLessThan(TEXT.length / 10);
});

test('without a folder, and where none can be made, the file is sent all the same', async () => {
  const { source } = aFile();
  for (const folder of [undefined, join(source.file, 'below-a-file')]) {
    const packed = packedFile(source, folder);
    expect(gunzipSync(await bytesOf(packed.chunks())).toString()).toBe(TEXT);
    await packed.judged(true);
  }
});

test('four packed files are kept, the newest', async () => {
  const about = aFile();
  mkdirSync(about.folder, { recursive: true });
  for (const hours of [1, 2, 3, 4, 5]) {
    const old = join(about.folder, `old-${hours}`);
    writeFileSync(old, '');
    utimesSync(old, Date.now() / 1000, Date.now() / 1000 - hours * 3600);
  }
  await sent(about, true);
  expect(readdirSync(about.folder).sort()).toEqual([`${about.source.sha256}.gzip`, 'old-1', 'old-2', 'old-3'].sort());
});
