import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { directorySha256 } from '../../src/reconcile/directory-stream.ts';
import type { PlannedScript, Source } from '../../src/reconcile/kind.ts';
import { openSource } from '../../src/reconcile/sources.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import { problemOf } from '../support/problem.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const planned = (more: Partial<PlannedScript>): PlannedScript => ({
  script: { name: 'x', text: ':', args: [] },
  ...more,
});
const none = { secret: (name: string) => Promise.reject(new Error(`${name} was asked for`)) };
const has = (text: string) => ({ secret: () => Promise.resolve(text) });
const open = (source: Source, sources: Parameters<typeof openSource>[1] = none) =>
  openSource(planned({ source }), sources);

/** All bytes that a script would get. */
async function bytesOf({ stdin }: Awaited<ReturnType<typeof openSource>>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // as: files and directories are streams.
  for await (const chunk of (stdin as () => Readable)()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, text);
  return file;
}

test('a script without a source gets the input of the plan', async () => {
  const opened = await openSource(planned({ stdin: 'text' }), none);
  expect([opened.stdin, await opened.problem(1)]).toEqual(['text', undefined]);
  expect((await openSource(planned({}), none)).stdin).toBe('');
});

test('a token is sent as one line, and requested by its name with the signal of the run', async () => {
  const asked: unknown[] = [];
  const { signal } = new AbortController();
  const sources = { secret: async (name: string, at?: AbortSignal) => (asked.push(name, at), 'secret\n') };
  const opened = await openSource(planned({ source: { secret: 't' } }), sources, signal);
  expect([opened.stdin, await opened.problem(1), asked]).toEqual(['secret\n', undefined, ['t', signal]]);
  expect((await open({ secret: 't' }, has('secret'))).stdin).toBe('secret\n');
});

test.each(['', '\n', 'a\nb', 'a\n\n'])('%j cannot be a token', async (text) => {
  expect(await problemOf(open({ secret: 't' }, has(text)))).toMatchObject({
    id: 'secret-invalid',
    message: expect.stringContaining('the secret t is empty'),
  });
});

const PEM = '-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n';

test('a certificate is sent as one line of base64', async () => {
  for (const text of [PEM, PEM + PEM, PEM.replaceAll('\n', '\r\n'), `# of anna\n${PEM}`]) {
    const { stdin, problem } = await open({ secret: 'c', form: 'pem' }, has(text));
    expect(Buffer.from(String(stdin).trimEnd(), 'base64').toString()).toBe(text);
    expect([String(stdin).endsWith('\n'), await problem(1)]).toEqual([true, undefined]);
  }
});

test.each([
  '',
  'secret',
  PEM.replace('END CERTIFICATE', 'END KEY'),
  PEM.replace('-----BEGIN', ' -----BEGIN'),
  PEM.replace('CERTIFICATE-----\n', 'CERTIFICATE----- x\n'),
  PEM.replace('\n-----END', '\n -----END'),
  PEM.trimEnd() + ' x',
  PEM.replaceAll('CERTIFICATE', 'certificate'),
  '-----BEGIN A-----\n-----END A-----\n',
])('%j cannot be a certificate', async (text) => {
  const problem = await problemOf(open({ secret: 'c', form: 'pem' }, has(text)));
  expect([problem.id, problem.message]).toEqual(['secret-not-pem', expect.stringContaining('the secret c is empty')]);
});

test('a file is sent as it is, also a large one, and a script that failed for another reason has no other problem', async () => {
  for (const text of ['', 'text', 'x'.repeat(600_000)]) {
    const opened = await open({ file: fileOf(text), sha256: sha256(text) });
    expect((await bytesOf(opened)).toString()).toBe(text);
    expect([await opened.problem(0), await opened.problem(1)]).toEqual([undefined, undefined]);
  }
});

test('a file that is packed on its way unpacks to the same bytes', async () => {
  for (const packing of ['gzip', 'zstd'] as const) {
    const text = 'text '.repeat(100_000);
    const opened = await open({ file: fileOf(text), sha256: sha256(text), packing });
    const packed = await bytesOf(opened);
    expect(packed.length).toBeLessThan(text.length / 10);
    // A Node.js without zstd sends gzip, which begins so.
    if (packed.readUInt16BE(0) === 0x1f8b) expect(gunzipSync(packed).toString()).toBe(text);
    else expect([packing, packed.readUInt32LE(0)]).toEqual(['zstd', 0xfd2fb528]);
    expect(await opened.problem(1)).toBeUndefined();
  }
  const missing = await open({ file: '/no/such/file', sha256: '0', packing: 'gzip' });
  await bytesOf(missing);
  expect(await missing.problem(0)).toMatchObject({ id: 'source-unreadable' });
});

test('a file with another digest is the reason why its script failed; the digest is not computed otherwise', async () => {
  const file = fileOf('other');
  const opened = await open({ file, sha256: 'a'.repeat(64) });
  expect((await bytesOf(opened)).toString()).toBe('other');
  expect(await opened.problem(0)).toBeUndefined();
  expect(await opened.problem(1)).toMatchObject({
    id: 'source-digest',
    message: `${file} has sha256 ${sha256('other')}, but the plan was made for ${'a'.repeat(64)}. Nothing was installed.`,
  });
});

test('a file that cannot be read ends the input, and is the reason whatever the script says', async () => {
  const opened = await open({ file: '/no/such/file', sha256: 'a'.repeat(64) });
  expect((await bytesOf(opened)).length).toBe(0);
  expect(await opened.problem(0)).toMatchObject({
    id: 'source-unreadable',
    message: expect.stringMatching(/^\/no\/such\/file cannot be read: .*ENOENT/),
  });
});

test('a file that disappears before its digest is computed is unreadable', async () => {
  const opened = await open({ file: '/no/such/file', sha256: 'a'.repeat(64) });
  expect(await opened.problem(1)).toMatchObject({ id: 'source-unreadable' });
  expect(await opened.problem(0)).toBeUndefined();
});

test('a directory is checked while it is sent', async () => {
  const directory = temporaryFolder();
  mkdirSync(join(directory, 'bin'));
  writeFileSync(join(directory, 'bin/agent'), 'agent');
  const opened = await open({ directory, sha256: await directorySha256(directory) });
  expect((await bytesOf(opened)).includes('bin/agent')).toBe(true);
  expect([await opened.problem(0), await opened.problem(1)]).toEqual([undefined, undefined]);
  const changed = await open({ directory, sha256: 'a'.repeat(64) });
  await bytesOf(changed);
  expect(await changed.problem(0)).toMatchObject({ id: 'source-digest' });
  const missing = await open({ directory: '/no/such' });
  await bytesOf(missing);
  expect(await missing.problem(1)).toMatchObject({
    id: 'source-unreadable',
    message: expect.stringContaining('/no/such cannot be read'),
  });
});
