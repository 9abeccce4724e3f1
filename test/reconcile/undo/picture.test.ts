import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { prelude } from '../../../src/host/run/shell.ts';
import { readKeptPicture, takePicture } from '../../../src/reconcile/undo/picture.ts';
import { shellFile } from '../../../src/text-files.ts';
import { expectGolden } from '../../support/golden.ts';
import { problemOf } from '../../support/problem.ts';
import { ShimMachine } from '../shim-machine.ts';

const PICTURE = shellFile(new URL('../../../src/reconcile/undo/picture.sh', import.meta.url));

test('the snapshot of a small machine, as text', async () => {
  const vm = new ShimMachine();
  for (const folder of ['', 'etc', 'etc/empty folder', 'var']) {
    mkdirSync(vm.path(folder), { recursive: true });
    chmodSync(vm.path(folder), 0o755);
  }
  const files = { 'etc/hosts': 'localhost\n', "etc/it's\nodd": 'x\n', 'etc/tab\there': '' };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(vm.path(name), text);
    chmodSync(vm.path(name), 0o640);
  }
  symlinkSync('../run/resolv.conf', vm.path('etc/resolv.conf'));
  const output = await vm.run({ argv: ['sh', '-c', `${prelude()}${PICTURE.text}picture`] });
  const { uid } = statSync(vm.path('etc'));
  const owner = execFileSync('stat', ['-c', '%U:%G', vm.path('etc')], { encoding: 'utf8' }).trim();
  const text = output.stdout.replaceAll(vm.path(), '').replaceAll(owner, 'owner:group').replaceAll(`${uid}:`, 'owner:');
  expectGolden('reconcile/undo/picture/small-machine.txt', text);
});

test('a large file is known by its size and time, and is not read', async () => {
  const vm = new ShimMachine();
  const large = vm.path('etc/large');
  writeFileSync(large, Buffer.alloc(2 * 1024 * 1024));
  const state = (await takePicture(vm)).find(({ name }) => name === large)?.state ?? '';
  expect(state).toMatch(/^f \S+ \d+ 2097152 \d+\.\d+$/);
});

test('a damaged snapshot is a Problem, a missing one is not', async () => {
  const vm = new ShimMachine();
  expect(await readKeptPicture(vm)).toBeUndefined();
  const undo = vm.path('var/lib/meshx/undo');
  mkdirSync(undo, { recursive: true });
  for (const bytes of [gzipSync('something else\n'), gzipSync('meshx picture, format 1\n').subarray(0, 20), 'x']) {
    writeFileSync(join(undo, 'before.gz'), bytes);
    expect((await problemOf(readKeptPicture(vm))).id).toBe('facts-incomplete');
  }
});

/** Runs one function of picture.sh on a text. */
async function piped(call: string, stdin: string): Promise<readonly string[]> {
  const vm = new ShimMachine();
  const output = await vm.run({ argv: ['sh', '-c', `${prelude()}${PICTURE.text}${call}`], stdin });
  return output.stdout.split('\n').filter((line) => line !== '');
}

test('rules are listed by chain, in their order, without counters; a table without rules is omitted', async () => {
  const save = [
    '*nat',
    ':PREROUTING ACCEPT [12:345]',
    ':MINE - [0:0]',
    '[1:2] -A PREROUTING -p tcp -j MINE',
    '-A MINE -j RETURN',
    '-A MINE -j ACCEPT',
    'COMMIT',
    '*raw',
    ':OUTPUT ACCEPT [9:9]',
    'COMMIT',
    '*filter',
    ':INPUT DROP [0:0]',
    'COMMIT',
    '',
  ];
  expect(await piped('_chains iptables-nft', save.join('\n'))).toEqual([
    'rules\tiptables-nft nat PREROUTING\tACCEPT; -p tcp -j MINE',
    'rules\tiptables-nft nat MINE\t-; -j RETURN; -j ACCEPT',
    'rules\tiptables-nft filter INPUT\tDROP',
  ]);
});

test("nft's built-in chains are listed with whether they are empty", async () => {
  const list = [
    'table ip nat {',
    '\tchain INPUT {',
    '\t\ttype nat hook input priority 100; policy accept;',
    '\t}',
    '\tchain OUTPUT {',
    '\t\ttype nat hook output priority -100; policy accept;',
    '\t\tip daddr 10.0.0.1 counter accept',
    '\t}',
    '\tchain MINE {',
    '\t}',
    '}',
    'table ip6 filter {',
    '\tchain INPUT {',
    '\t\ttype filter hook input priority filter; policy drop;',
    '\t}',
    '}',
    'table inet other {',
    '\tchain INPUT {',
    '\t\ttype filter hook input priority filter; policy accept;',
    '\t}',
    '}',
    '',
  ];
  const call = '_has() { :; }; nft() { cat; }; unset MESHX_PICTURE; rule_chains';
  expect(await piped(call, list.join('\n'))).toEqual([
    'nft:ip:nat:INPUT 0',
    'nft:ip:nat:OUTPUT 1',
    'nft:ip6:filter:INPUT 1',
  ]);
});

test('an IPv6 address that is still looked for elsewhere is waited for, one that someone else has is not', async () => {
  const line = (flags: string): string => `fe80000000000000000000fffe960065 02 40 20 ${flags}     eth0\n`;
  const waits = async (...flags: readonly string[]): Promise<readonly string[]> =>
    await piped('cat > "$MESHX_PICTURE.if"; _tentative "$MESHX_PICTURE.if" && echo waits; :', flags.map(line).join(''));
  expect(await waits('80', '40')).toEqual(['waits']);
  expect(await waits('c0')).toEqual(['waits']);
  expect(await waits('80', '00', '48', 'c8')).toEqual([]);
  expect(await waits()).toEqual([]);
});
