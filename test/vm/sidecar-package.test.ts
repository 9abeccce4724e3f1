import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Command, Host } from '../../src/host/run/host.ts';
import { openSidecarPackage } from '../../src/vm/sidecar-package.ts';
import { debOf } from '../support/deb.ts';
import { temporaryFolder } from '../support/run-cli.ts';

const CONTROL = 'Package: istio-sidecar\nVersion: 1.29.1\nArchitecture: amd64\nMaintainer: nobody\n';

function tarEntry(name: string, text: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(text.length.toString(8).padStart(11, '0'), 124);
  const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  body.write(text);
  return Buffer.concat([header, body]);
}

function deb(control: Buffer, name = 'control.tar.gz'): Buffer {
  return debOf([name, control], ['data.tar', Buffer.alloc(99)]);
}

const GOOD_DEB = deb(
  gzipSync(Buffer.concat([tarEntry('./postinst', 'true\n'), tarEntry('./control', CONTROL), Buffer.alloc(1024)])),
);

/** An .rpm's head: lead, empty signature, a header with four tags. */
function rpm(): Buffer {
  const values: readonly (readonly [number, string])[] = [
    [1000, 'istio-sidecar'],
    [1001, '1.29.1'],
    [1002, '1'],
    [1022, 'x86_64'],
  ];
  let store = Buffer.alloc(0);
  const index = values.map(([tag, text]) => {
    const entry = Buffer.alloc(16);
    entry.writeUInt32BE(tag, 0);
    entry.writeUInt32BE(6, 4);
    entry.writeUInt32BE(store.length, 8);
    entry.writeUInt32BE(1, 12);
    store = Buffer.concat([store, Buffer.from(`${text}\0`)]);
    return entry;
  });
  const intro = (entries: number, bytes: number): Buffer => {
    const head = Buffer.alloc(16);
    head.writeUInt32BE(0x8eade801, 0);
    head.writeUInt32BE(entries, 8);
    head.writeUInt32BE(bytes, 12);
    return head;
  };
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xedabeedb, 0);
  return Buffer.concat([lead, intro(0, 0), intro(values.length, store.length), ...index, store, Buffer.alloc(64)]);
}

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** The operator's machine; it has dpkg-deb only when an answer is given. */
function operator(answer?: string): Host {
  const ran = (command: Command) => {
    const there = command.argv[0] === 'dpkg-deb' && answer !== undefined;
    return Promise.resolve({ exitCode: there ? 0 : 127, stdout: answer ?? '', stderr: '' });
  };
  return { name: 'here', run: ran, [Symbol.asyncDispose]: () => Promise.resolve() };
}

function request(from: string, more: { readonly sha256?: string; readonly operator?: Host } = {}) {
  const cwd = temporaryFolder();
  return { from, cwd, operator: operator(), signal: new AbortController().signal, ...more };
}

function written(name: string, content: Buffer): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}

test('a .deb tells its version and architecture, and is named by its sha256', async () => {
  const path = written('istio-sidecar.deb', GOOD_DEB);
  expect(await openSidecarPackage(request(path))).toMatchObject({
    name: 'istio-sidecar',
    format: 'deb',
    version: '1.29.1',
    architecture: 'amd64',
    sha256: sha256(GOOD_DEB),
    source: { file: path, sha256: sha256(GOOD_DEB) },
  });
});

test('an .rpm tells its version with its release', async () => {
  expect(await openSidecarPackage(request(written('istio-sidecar.rpm', rpm())))).toMatchObject({
    format: 'rpm',
    version: '1.29.1-1',
    architecture: 'x86_64',
  });
});

test('a control archive that Node.js cannot unpack is read by dpkg-deb where there is one', async () => {
  const path = written('p.deb', deb(Buffer.from('not really zstd'), 'control.tar.zst'));
  expect(await openSidecarPackage(request(path, { operator: operator(CONTROL) }))).toMatchObject({ version: '1.29.1' });
  await expect(openSidecarPackage(request(path))).rejects.toMatchObject({ id: 'package-unreadable' });
});

test.each([
  ['an empty file', Buffer.alloc(0)],
  ['a page of HTML', Buffer.from('<html>404</html>'.repeat(20))],
  ['a .deb that is cut off', GOOD_DEB.subarray(0, 150)],
  ['a .deb whose control archive is damaged', deb(Buffer.from('not gzip at all, but long enough'))],
  ['a .deb without a control file', deb(gzipSync(tarEntry('./other', 'x')))],
  ['a control file without a version', deb(gzipSync(tarEntry('./control', 'Package: x\nArchitecture: all\n')))],
])('%s is no package', async (_what, content) => {
  await expect(openSidecarPackage(request(written('p.deb', content)))).rejects.toMatchObject({
    id: 'package-unreadable',
  });
});

test('an .rpm that is cut off is no package', async () => {
  await expect(openSidecarPackage(request(written('p.rpm', rpm().subarray(0, 150))))).rejects.toMatchObject({
    id: 'package-unreadable',
  });
});

test('a size that would take all memory is refused, whatever the file says', async () => {
  const path = written('p.deb', GOOD_DEB);
  const text = readFileSync(path, 'latin1').replace(
    /(control\.tar\.gz.{34})\d+ */s,
    (_whole, head: string) => `${head}${'9'.repeat(10)}`,
  );
  writeFileSync(path, text, 'latin1');
  await expect(openSidecarPackage(request(path))).rejects.toMatchObject({ id: 'package-unreadable' });
});

test('a file that is not there, and a sha256 that does not fit or is none', async () => {
  const path = written('p.deb', GOOD_DEB);
  await expect(openSidecarPackage(request('nowhere.deb'))).rejects.toMatchObject({ id: 'package-missing' });
  await expect(openSidecarPackage(request(path, { sha256: 'f'.repeat(64) }))).rejects.toMatchObject({
    id: 'package-sha256-wrong',
  });
  await expect(openSidecarPackage(request(path, { sha256: 'abc' }))).rejects.toMatchObject({
    id: 'package-sha256-malformed',
  });
});

test('a device is refused instead of being read forever', async () => {
  await expect(openSidecarPackage(request('/dev/zero'))).rejects.toMatchObject({ id: 'package-unreadable' });
});

test('a directory holds the programs as the package does, or side by side; the architecture is read from the program', async () => {
  const packaged = temporaryFolder();
  mkdirSync(join(packaged, 'usr/local/bin'), { recursive: true });
  const flat = temporaryFolder();
  const elf = Buffer.alloc(64);
  elf.write('\x7fELF', 0, 'latin1');
  elf.writeUInt16LE(0xb7, 18);
  for (const folder of [join(packaged, 'usr/local/bin'), flat]) {
    for (const name of ['pilot-agent', 'envoy']) {
      writeFileSync(join(folder, name), folder === flat ? elf : '#!/bin/sh\n');
      chmodSync(join(folder, name), 0o755);
    }
  }
  await expect(openSidecarPackage(request(flat))).rejects.toMatchObject({ id: 'package-binaries-missing' });
  writeFileSync(join(flat, 'envoy_bootstrap_tmpl.json'), '{}');
  expect(await openSidecarPackage(request(packaged))).toMatchObject({
    format: 'directory',
    into: '/',
    architecture: 'all',
  });
  expect(await openSidecarPackage(request(flat))).toMatchObject({
    into: '/',
    architecture: 'arm64',
    source: { as: { 'envoy_bootstrap_tmpl.json': 'var/lib/istio/envoy/envoy_bootstrap_tmpl.json' } },
  });
});
