import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { scriptCommand } from '../../../src/host/shell.ts';
import { INCOMPLETE } from '../../../src/reconcile/exit-codes.ts';
import { RECEIVE } from '../../../src/reconcile/kinds/package-shell.ts';
import { sha256 } from '../../../src/reconcile/sha256.ts';
import { arMember, debOf } from '../../support/deb.ts';
import { ShimMachine, temporaryFolder } from '../shim-machine.ts';

function tarOf(files: Readonly<Record<string, string>>): Buffer {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return execFileSync('tar', ['-C', folder, '-cf', '-', '--', ...Object.keys(files)], { maxBuffer: 1e8 });
}

const CONTROL = () =>
  gzipSync(tarOf({ control: 'Package: p\nVersion: 1\nArchitecture: all\nMaintainer: m\nDescription: d\n' }));

/** A package of two megabytes that do not compress well, and how it is received. */
function world(data = gzipSync(tarOf({ program: Buffer.alloc(1 << 20, 'meshx ').toString('base64') }))) {
  const vm = new ShimMachine();
  const bytes = debOf(['control.tar.gz', CONTROL()], ['data.tar.gz', data]);
  const head = bytes.length - arMember('data.tar.gz', data).length;
  const incoming = vm.path('var/lib/meshx/incoming');
  const receive = async (stdin = bytes) => {
    const args = ['deb', sha256(bytes), vm.path('var/lib/meshx/package'), String(head)];
    return await vm.run({ ...scriptCommand({ name: 'package-receive', text: RECEIVE, args }), stdin });
  };
  return { vm, bytes, incoming, receive };
}

test('a .deb is laid down as it came, and once more with its data decompressed, which dpkg reads as the same package', async () => {
  const { bytes, incoming, receive } = world();
  expect(await receive()).toMatchObject({ exitCode: 0, stderr: '' });
  expect(readdirSync(incoming).sort()).toEqual(['package', 'plain']);
  expect(readFileSync(join(incoming, 'package')).equals(bytes)).toBe(true);
  const ask = (verb: string, file: string) =>
    execFileSync('dpkg-deb', [verb, join(incoming, file)], { maxBuffer: 1e8 });
  expect(execFileSync('ar', ['t', join(incoming, 'plain')], { encoding: 'utf8' })).toBe(
    'debian-binary\ncontrol.tar.gz\ndata.tar\n',
  );
  for (const verb of ['--fsys-tarfile', '--ctrl-tarfile', '-f'])
    expect(ask(verb, 'plain').equals(ask(verb, 'package'))).toBe(true);
});

test('where the data cannot be decompressed, or the machine has no dpkg-deb that can, the package alone is there', async () => {
  const whole = gzipSync(tarOf({ program: 'meshx' }));
  const damaged = world(Buffer.concat([whole.subarray(0, 60), Buffer.alloc(9, '!'), whole.subarray(69)]));
  expect((await damaged.receive()).exitCode).toBe(0);
  expect(readdirSync(damaged.incoming)).toEqual(['package']);
  const old = world();
  const bin = join(old.vm.folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'dpkg-deb'), '#!/bin/sh\nexit 2\n');
  chmodSync(join(bin, 'dpkg-deb'), 0o755);
  expect((await old.receive()).exitCode).toBe(0);
  expect(readdirSync(old.incoming)).toEqual(['package']);
});

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1)],
  ['empty', () => Buffer.alloc(0)],
  ['another one', (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 100), Buffer.from('!'), bytes.subarray(101)])],
])('of a package that is %s nothing stays', async (_what, damage) => {
  const { bytes, incoming, receive } = world();
  expect((await receive(damage(bytes))).exitCode).toBe(INCOMPLETE);
  expect(existsSync(incoming)).toBe(false);
});
