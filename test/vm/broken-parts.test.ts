import { jest } from '@jest/globals';
import { copyFileSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSwitch } from '../../src/vm/dead-man.ts';
import { captureFiles, unitsStep } from '../../src/vm/steps/units.ts';
import { PLACES } from '../../src/vm/places.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { aMachine, DOCKER, type Machine } from './shim-vm.ts';

// Scripts run hundreds of small programs: on a busy machine that takes its time.
jest.setTimeout(240_000);

const SYSTEMD = fileURLToPath(new URL('../../systemd/', import.meta.url));
/** The programs as meshx had them before `capture` was divided. */
const FORMER = fileURLToPath(new URL('../cases/former-build/', import.meta.url));
const UNITS = ['istio.service', 'meshx-capture.service'];

function programsOf(folder: string): string {
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** A VM that captures, whose switch was armed before its sidecar was started, and that has no open connection. */
async function anArmedVm(programs: string): Promise<Machine> {
  const machine = await aMachine(programs);
  for (const unit of UNITS) await machine.write(`units/${unit}/enabled`, '');
  await machine.command('capture', 'arm', '45', 'root@desk');
  expect(await machine.command('capture', 'start')).toMatchObject({ code: 0 });
  for (const unit of UNITS) await machine.write(`units/${unit}/active`, 'second');
  await machine.write('connections', '');
  expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
  return machine;
}

async function expectRolledBack(machine: Machine): Promise<void> {
  expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  expect([await machine.nat('iptables-legacy'), await machine.nat('ip6tables-nft')]).toEqual(['', '']);
  for (const unit of UNITS)
    expect([machine.exists(`units/${unit}/active`), machine.exists(`units/${unit}/enabled`)]).toEqual([false, false]);
  expect(machine.exists('var/lib/meshx/armed')).toBe(false);
}

const BROKEN = 'if then {\n';
const GARBAGE = Array.from({ length: 4096 }, (_, at) => String.fromCharCode((at * 7 + 1) % 255)).join('');
const PARTS = readdirSync(SYSTEMD).filter((name) => !['dead-man', 'rules'].includes(name));

/** Armed by the present programs, and by the former ones. Tests take copies of them, with programs of their own. */
let present: Machine;
let former: Machine;
beforeAll(async () => {
  present = await anArmedVm(SYSTEMD);
  former = await anArmedVm(FORMER);
});
afterAll(async () => {
  await present[Symbol.asyncDispose]();
  await former[Symbol.asyncDispose]();
});

describe('a revert takes every rule away when', () => {
  test.each<[what: string, breaks: (programs: string, machine: Machine) => unknown]>([
    [
      'the parser of the settings fails',
      (programs) => writeFileSync(join(programs, 'settings.awk'), 'BEGIN { exit 3 }\n'),
    ],
    ['sidecar.env is full of garbage', (_, machine) => machine.write('var/lib/istio/envoy/sidecar.env', GARBAGE)],
    ['the program of the guard is missing', (programs) => rmSync(join(programs, 'guard'))],
    [
      'every file that is not its own is broken',
      (programs) => PARTS.forEach((name) => writeFileSync(join(programs, name), BROKEN)),
    ],
    [
      'every file that is not its own is missing',
      (programs) => PARTS.forEach((name) => rmSync(join(programs, name), { recursive: true })),
    ],
  ])('%s', async (_, breaks) => {
    const programs = programsOf(SYSTEMD);
    await using machine = present.copy(programs);
    await breaks(programs, machine);
    await machine.write('run/meshx/why', 'a check failed\n');
    expect(await machine.command('dead-man', 'due')).toMatchObject({ code: 0 });
    await expectRolledBack(machine);
    const { stdout } = await machine.command('dead-man', 'switch');
    expect(parseSwitch(stdout).reverted).toMatchObject({ why: 'a check failed', by: 'root@desk', kept: false });
  });

  test.each([
    ['broken', (path: string) => writeFileSync(path, BROKEN)],
    ['missing', (path: string) => rmSync(path)],
  ])('the file that takes rules away is %s: meshx-bypass does it', async (_, breaks) => {
    const programs = programsOf(SYSTEMD);
    await using machine = present.copy(programs);
    cpSync(join(SYSTEMD, 'meshx-bypass'), join(machine.root, 'usr/local/sbin/meshx-bypass'));
    breaks(join(programs, 'rules'));
    await machine.write('run/meshx/why', 'a check failed\n');
    expect(await machine.command('dead-man', 'due')).toMatchObject({ code: 0 });
    await expectRolledBack(machine);
  });
});

/** The files in meshx's own folder in the order in which an upgrade writes them. */
const WRITTEN = unitsStep({}).wants.flatMap((want) =>
  want.kind === 'file' && want.path.startsWith(`${PLACES.programs}/`)
    ? [want.path.slice(PLACES.programs.length + 1)]
    : [],
);
const written = (programs: string, count: number): void =>
  WRITTEN.slice(0, count).forEach((name) => copyFileSync(join(SYSTEMD, name), join(programs, name)));
/** As src/vm/dead-man.ts chooses. */
const switchOf = (count: number): string => (WRITTEN.slice(0, count).includes('dead-man') ? 'dead-man' : 'capture');

describe('an upgrade that ends between two files, with a switch that the former build armed,', () => {
  test('is rolled back by the former timer and by the former units, whichever files were written', async () => {
    for (let count = 0; count <= WRITTEN.length; count++) {
      const programs = programsOf(FORMER);
      await using machine = former.copy(programs);
      written(programs, count);
      await machine.write('run/meshx/why', 'the run died\n');
      expect([count, await machine.command('capture', 'revert', 'due')]).toMatchObject([count, { code: 0 }]);
      await expectRolledBack(machine);
      const { stdout } = await machine.command(switchOf(count), 'switch');
      expect([count, parseSwitch(stdout).reverted]).toMatchObject([count, { why: 'the run died', by: 'root@desk' }]);
    }
  });

  test('is confirmed by the next run, whichever files were written', async () => {
    for (const count of [0, WRITTEN.indexOf('dead-man') + 1, WRITTEN.indexOf('capture'), WRITTEN.length]) {
      const programs = programsOf(FORMER);
      await using machine = former.copy(programs);
      written(programs, count);
      expect([count, await machine.command(switchOf(count), 'arm', '60', 'other@desk')]).toMatchObject([
        count,
        { code: 0 },
      ]);
      expect([count, await machine.command(switchOf(count), 'confirm')]).toMatchObject([count, { code: 0 }]);
      expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
      expect(UNITS.map((unit) => machine.exists(`units/${unit}/enabled`))).toEqual([true, true]);
    }
  });

  test('has every command of the former units at each file', async () => {
    const commands = [
      'hold',
      'ended',
      'status',
      'lost',
      'restore',
      'instance',
      'leftover',
      'guard',
      'stop',
      'start',
      'switch',
    ];
    await using captured = former.copy();
    await captured.write('route', '10.150.0.10 via 10.150.0.1 dev eth0 src 10.150.0.5 uid 0\n');
    // No command of the former units uses a file that comes after the last part of capture.
    for (let count = WRITTEN.indexOf('guard'); count <= WRITTEN.indexOf('settings.awk') + 1; count++) {
      const programs = programsOf(FORMER);
      await using machine = captured.copy(programs);
      written(programs, count);
      for (const verb of commands) {
        const { code, stderr } = await machine.command('capture', verb);
        // 194: nothing is to be restored.
        expect([count, verb, code === 194 ? 0 : code, stderr]).toEqual([count, verb, 0, expect.any(String)]);
      }
    }
  });
});

test('a VM of a classic mesh gets each program that its own programs start', () => {
  const names = captureFiles().flatMap((want) => ('path' in want ? [want.path] : []));
  for (const name of ['dead-man', 'guard', 'rules', 'redirect', 'settings', 'capture'])
    expect(names).toContain(`${PLACES.programs}/${name}`);
});
