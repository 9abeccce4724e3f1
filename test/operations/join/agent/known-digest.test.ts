import { readdirSync, readFileSync, renameSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownSha256 } from '../../../../src/operations/join/agent/known-digest.ts';
import { sha256 } from '../../../../src/reconcile/sha256.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** A file that no one has changed for some time. */
const FILE = new URL('../../../../package.json', import.meta.url).pathname;
const RIGHT = sha256(readFileSync(FILE));
const OTHER = 'a'.repeat(64);
const signal = new AbortController().signal;

/** A folder in which the digest of the file is kept, and the path of that. */
async function kept() {
  const folder = join(temporaryFolder(), 'digests');
  expect(await knownSha256(FILE, folder, signal)).toBe(RIGHT);
  const [name = ''] = readdirSync(folder);
  return { folder, path: join(folder, name) };
}

/** Replaces what is kept. */
function rewrite(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

test('a digest is computed once, and only its owner can read where it is kept', async () => {
  const { folder, path } = await kept();
  expect([statSync(folder).mode & 0o777, statSync(path).mode & 0o777]).toEqual([0o700, 0o600]);
  rewrite(path, (text) => text.replace(RIGHT, OTHER));
  expect(await knownSha256(FILE, folder, signal)).toBe(OTHER);
});

test.each<[string, (path: string) => void]>([
  ['of a file that was changed', (path) => rewrite(path, (text) => `1${text}`)],
  ['that is cut off', (path) => rewrite(path, (text) => text.slice(0, -2))],
  ['of the day before', (path) => utimesSync(path, new Date(), new Date(Date.now() - 86_500_000))],
])('a digest %s is computed again', async (_, damage) => {
  const { folder, path } = await kept();
  rewrite(path, (text) => text.replace(RIGHT, OTHER));
  damage(path);
  expect(await knownSha256(FILE, folder, signal)).toBe(RIGHT);
  expect(readFileSync(path, 'utf8')).toContain(` ${RIGHT}\n`);
});

test('a link in the place of a kept digest is not followed', async () => {
  const { folder, path } = await kept();
  const elsewhere = join(temporaryFolder(), 'digest');
  writeFileSync(elsewhere, readFileSync(path, 'utf8').replace(RIGHT, OTHER));
  symlinkSync(elsewhere, `${path}.link`);
  renameSync(`${path}.link`, path);
  expect(await knownSha256(FILE, folder, signal)).toBe(RIGHT);
});

test('the digest of a file that was written a moment ago is not kept, as it may be written again', async () => {
  const folder = join(temporaryFolder(), 'digests');
  const file = join(temporaryFolder(), 'meshx');
  for (const content of ['one', 'two']) {
    writeFileSync(file, content);
    expect(await knownSha256(file, folder, signal)).toBe(sha256(content));
  }
});

test('a folder that cannot be made costs only the time', async () => {
  expect(await knownSha256(FILE, '/dev/null/digests', signal)).toBe(RIGHT);
});
