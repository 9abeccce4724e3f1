import { jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { chmodSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { aMachine, type Machine } from './shim-vm.ts';

jest.setTimeout(60_000);

const WATCH = 'usr/local/lib/meshx/watch';
const UNIT = 'etc/systemd/system/istio.service';
const CLUSTER = 'var/lib/istio/envoy/cluster.env';
const SIDECAR = 'var/lib/istio/envoy/sidecar.env';
const TEXTS = { [WATCH]: '#!/bin/sh\n', [UNIT]: '[Service]\n', [CLUSTER]: "CA_ADDR='istiod.test:15012'\n" };
const EDITS = `var/lib/meshx/undo/edits/${SIDECAR}`;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const journal = (texts: Readonly<Record<string, string>>): string =>
  Object.entries(texts)
    .map(([path, text]) => `root:root=0755 /${path}\n${sha256(text)} /${path}\n`)
    .join('');

/** A joined VM after root's first pass. */
let joined: Machine;
let seconds = 1000;
beforeAll(async () => {
  joined = await aMachine();
  for (const [path, text] of Object.entries(TEXTS)) await joined.write(path, text);
  chmodSync(join(joined.root, WATCH), 0o755);
  await joined.write(SIDECAR, '# the operator’s\nISTIO_SERVICE=db1\nOWN=1\n');
  await joined.write(`${EDITS}/1.base`, 'OWN=1\n');
  await joined.write(`${EDITS}/1.ours`, 'OWN=1\nISTIO_SERVICE=db1\n');
  await joined.write('etc/certs/root-cert.pem', '');
  await joined.write('var/lib/meshx/undo/wrote', journal(TEXTS));
  await joined.write('usr/local/bin/openssl', '#!/bin/sh\nexit 0\n');
  chmodSync(join(joined.root, 'usr/local/bin/openssl'), 0o755);
  expect(await ask(joined)).toBe('nothing to do\n');
  expect(await joined.read('run/meshx/files')).toBe('');
});
afterAll(() => joined[Symbol.asyncDispose]());

/** A minute passes before each request. */
async function ask(machine: Machine, verb = 'restore-files'): Promise<string> {
  seconds += 60;
  await machine.write('proc/uptime', `${seconds}.10 900.00\n`);
  return (await machine.ask(`${verb}\n`)).stdout;
}
const differs = async (machine: Machine): Promise<readonly string[]> =>
  (await machine.read('run/meshx/files'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/ \d+ /, ' '));

describe('a file of the join', () => {
  test.each([
    ['edited', async (machine: Machine) => await machine.write(WATCH, 'exit 0\n')],
    ['removed', async (machine: Machine) => await machine.remove(WATCH)],
    ['writable for all', (machine: Machine) => Promise.resolve(chmodSync(join(machine.root, WATCH), 0o777))],
  ])('is put back when it was %s', async (_, change) => {
    await using machine = joined.copy();
    await change(machine);
    expect(await ask(machine)).toBe('done\n');
    expect(await machine.read(WATCH)).toBe(TEXTS[WATCH]);
    expect(statSync(join(machine.root, WATCH)).mode & 0o777).toBe(0o755);
    expect(await differs(machine)).toEqual([`restored /${WATCH}`]);
    expect(await ask(machine)).toBe('nothing to do\n');
    expect(await differs(machine)).toEqual([]);
  });

  test('is only named when the agent observes', async () => {
    await using machine = joined.copy();
    await machine.write(WATCH, 'exit 0\n');
    expect(await ask(machine, 'check-files')).toBe('nothing to do\n');
    expect(await machine.read(WATCH)).toBe('exit 0\n');
    expect(await differs(machine)).toEqual([`edited /${WATCH}`]);
  });

  test('stays edited after three restores, until the next join', async () => {
    await using machine = joined.copy();
    for (let round = 0; round < 3; round += 1) {
      await machine.write(WATCH, 'exit 0\n');
      expect(await ask(machine)).toBe('done\n');
    }
    await machine.write(WATCH, 'exit 0\n');
    expect(await ask(machine)).toBe('nothing to do\n');
    expect(await machine.read(WATCH)).toBe('exit 0\n');
    expect(await differs(machine)).toEqual([`left /${WATCH}`]);
    await machine.write(WATCH, 'exit 1\n');
    await machine.write('var/lib/meshx/undo/wrote', journal(TEXTS) + journal({ [WATCH]: 'exit 1\n' }));
    expect(await ask(machine)).toBe('nothing to do\n');
    expect(await differs(machine)).toEqual([]);
    await machine.write(WATCH, 'exit 0\n');
    expect(await ask(machine)).toBe('done\n');
    expect(await machine.read(WATCH)).toBe('exit 1\n');
  });

  test('that became a link is left alone', async () => {
    await using machine = joined.copy();
    await machine.remove(UNIT);
    symlinkSync('/dev/null', join(machine.root, UNIT));
    expect(await ask(machine)).toBe('nothing to do\n');
    expect(await differs(machine)).toEqual([`link /${UNIT}`]);
  });

  test('of which there is no copy is named, as its right text is not known', async () => {
    await using machine = joined.copy();
    await machine.remove('run/meshx/kept');
    await machine.write(WATCH, 'exit 0\n');
    expect(await ask(machine)).toBe('nothing to do\n');
    expect(await differs(machine)).toEqual([`edited /${WATCH}`]);
  });

  test('is not replaced by a copy that someone changed', async () => {
    await using machine = joined.copy();
    await machine.write(`run/meshx/kept/${WATCH}`, 'reboot\n');
    await machine.write(WATCH, 'exit 0\n');
    expect(await ask(machine)).toBe('nothing to do\n');
    expect(await machine.read(WATCH)).toBe('exit 0\n');
  });
});

test('a unit that is put back is read again by systemd', async () => {
  await using machine = joined.copy();
  await machine.write(UNIT, '[Service]\nUser=root\n');
  expect(await ask(machine)).toBe('done\n');
  expect(await machine.read('calls')).toContain('systemctl daemon-reload\n');
});

test('other files of the journal, and files that it does not name, are not compared', async () => {
  await using machine = joined.copy();
  const others = {
    'etc/meshx/services.d/db.yaml': 'a',
    'etc/nsswitch.conf': 'b',
    'run/secrets/tokens/istio-token': 'c',
  };
  const odd = `${sha256('x')} /usr/local/lib/meshx/../../../../etc/shadow\n${sha256('x')} /etc/systemd/system/$(reboot)\n`;
  await machine.write('var/lib/meshx/undo/wrote', journal({ ...TEXTS, ...others }) + odd);
  await machine.write('etc/systemd/system/istio.service.d/own.conf', '[Service]\n');
  expect(await ask(machine)).toBe('nothing to do\n');
  expect(await differs(machine)).toEqual([]);
});

describe('sidecar.env, which an operator may edit,', () => {
  test.each([
    ['may have other keys and comments', 'ISTIO_SERVICE=db1\nMORE=2\n# more\n', false],
    ['may lose keys of the operator', 'ISTIO_SERVICE="db1"\n', false],
    ['is named when a key of the join has another value', 'ISTIO_SERVICE=db1\nISTIO_SERVICE=web\nOWN=1\n', true],
    ['is named when a key of the join is gone', 'OWN=1\n', true],
  ])('%s', async (_, text, isNamed) => {
    await using machine = joined.copy();
    await machine.write(SIDECAR, text);
    expect(await ask(machine)).toBe('nothing to do\n');
    expect(await machine.read(SIDECAR)).toBe(text);
    expect(await differs(machine)).toEqual(isNamed ? [`edited /${SIDECAR}`] : []);
  });
});

test('a root certificate that cannot be read is named', async () => {
  await using machine = joined.copy();
  await machine.write('usr/local/bin/openssl', '#!/bin/sh\nexit 1\n');
  await ask(machine);
  expect(await differs(machine)).toEqual(['edited /etc/certs/root-cert.pem']);
});

test('nothing is compared while an operator’s run holds the lock, or without a journal', async () => {
  await using machine = joined.copy();
  await machine.write(WATCH, 'exit 0\n');
  await machine.write('run/meshx/operator', `format 1\nlease 120\nrenewed ${seconds + 30}\n`);
  expect(await ask(machine)).toBe('refused: an operator is changing this machine\n');
  seconds += 600;
  expect(await ask(machine)).toBe('done\n');
  rmSync(join(machine.root, 'var/lib/meshx/undo'), { recursive: true });
  expect(await ask(machine)).toBe('refused: there is no journal of the join\n');
});
