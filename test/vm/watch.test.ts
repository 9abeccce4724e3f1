import { jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCaptureState } from '../../src/vm/capture-state.ts';
import { shellFile } from '../../src/text-files.ts';
import { aMachine, DOCKER, type Machine } from './shim-vm.ts';

// Scripts run hundreds of small programs: on a busy machine that takes its time.
jest.setTimeout(60_000);

/** A VM whose traffic is captured. Tests take copies of it. */
let captured: Machine;
beforeAll(async () => {
  captured = await aMachine();
  await captured.write('units/meshx-capture.service/active', 'first');
  expect((await captured.run('start')).code).toBe(0);
});
afterAll(() => captured[Symbol.asyncDispose]());

/** What `iptables -t nat -F`, a firewall's restart and `nft flush ruleset` have in common. */
const flush = async (machine: Machine): Promise<void> => await machine.write('iptables-nft.nat', DOCKER);

describe('a watched VM', () => {
  test('is left alone while the rules are in place', async () => {
    await using machine = captured.copy();
    const before = await machine.nat('iptables-nft');
    expect(await machine.watch('now')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await machine.nat('iptables-nft')).toBe(before);
  });

  test('gets flushed rules back, and keeps the connections that are open then', async () => {
    await using machine = captured.copy();
    const before = await machine.nat('iptables-nft');
    await flush(machine);
    await machine.write('connections', 'ESTAB 0 0 10.150.0.5:3306 10.150.0.77:51000 uid:104 ino:31 sk:77 <->\n');
    const { stdout } = await machine.watch('now');
    expect(stdout).toMatch(/^<4>meshx watch: capture's rules were removed .*; restored, 1 of at most 8 times in 60 s/);
    const after = await machine.nat('iptables-nft');
    expect(after).toContain('-s 10.150.0.77 -d 10.150.0.5 -p tcp -m tcp --sport 51000 --dport 3306 ! --syn -j ACCEPT');
    const istio = (rules: string): readonly string[] => rules.split('\n').filter((rule) => /ISTIO_/.test(rule));
    expect([...istio(after)].sort()).toEqual([...istio(before)].sort());
  });

  test.each([
    ['one rule', /-A ISTIO_INBOUND .*\n/],
    ['a jump to the chains', /-A OUTPUT -j ISTIO_OUTPUT\n/],
  ])('gets %s back', async (_, lost) => {
    await using machine = captured.copy();
    const before = await machine.nat('iptables-nft');
    await machine.write('iptables-nft.nat', before.replace(lost, ''));
    await machine.watch('now');
    expect(await machine.nat('iptables-nft')).toMatch(lost);
  });

  test.each([
    ['capture was stopped', async (machine: Machine) => await machine.run('stop')],
    [
      'the unit of capture ends',
      async (machine: Machine) => await machine.remove('units/meshx-capture.service/active'),
    ],
    ['meshx-bypass is on', async (machine: Machine) => await machine.write('var/lib/meshx/bypass/state', 'since=x\n')],
    [
      'meshx-bypass is on, on a full disk',
      async (machine: Machine) => await machine.write('run/meshx/bypass/state', 's'),
    ],
    ['the VM rolls back', async (machine: Machine) => await machine.write('run/meshx/reverting', 'ran=\n')],
  ])('gets nothing back when %s', async (_, event) => {
    await using machine = captured.copy();
    await event(machine);
    await flush(machine);
    expect(await machine.watch('now')).toMatchObject({ code: 0, stdout: '' });
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  });

  test('gives up when another program removes the rules repeatedly, until capture is started again', async () => {
    await using machine = captured.copy();
    for (let round = 0; round < 8; round++) {
      await flush(machine);
      expect((await machine.watch('now')).stdout).toContain(`restored, ${round + 1} of at most 8`);
    }
    await flush(machine);
    const { stdout } = await machine.watch('now');
    expect(stdout).toMatch(/^<3>meshx watch: gave way to another program after 8 restores in 60 s/);
    expect(stdout).toContain('systemctl restart meshx-capture');
    expect(await machine.watch('now')).toMatchObject({ stdout: '' });
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const { gaveWay } = parseCaptureState((await machine.run('status')).stdout);
    expect(gaveWay).toEqual({ to: 'another program', since });
    await machine.run('stop');
    await machine.run('start');
    expect(parseCaptureState((await machine.run('status')).stdout)).not.toHaveProperty('gaveWay');
    await flush(machine);
    expect((await machine.watch('now')).stdout).toContain('restored, 1 of at most 8');
  });

  test('whose rules cannot be restored says so, and gets them back when they can', async () => {
    await using machine = captured.copy();
    await flush(machine);
    await machine.write('agent-fails', '');
    const { code, stdout } = await machine.watch('now');
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^<3>meshx watch: capture's rules were removed .* the restore failed: .*nothing is captured/,
    );
    await machine.remove('agent-fails');
    expect((await machine.watch('now')).stdout).toContain('restored, 2 of at most 8');
    expect(await machine.nat('iptables-nft')).toContain('-A OUTPUT -j ISTIO_OUTPUT');
  });
});

describe('the exceptions in the host’s firewall', () => {
  const FIREWALL = fileURLToPath(new URL('../../systemd/firewall', import.meta.url));
  const RIGHT = shellFile(new URL('firewall-right.sh', import.meta.url)).text;
  const WALL = '*filter\n:INPUT DROP [0:0]\n-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 3306 -j ACCEPT\nCOMMIT\n';
  const TWIN =
    '-A INPUT -s 10.0.0.1/32 -p tcp -m tcp --dport 15006 -m conntrack --ctstate DNAT --ctorigdstport 3306 -m comment --comment meshx-twin -j ACCEPT\n';
  const twinned = WALL.replace('-A INPUT', `${TWIN}-A INPUT`);

  /** What `firewall_right` says of a filter table, after `firewall_open` has seen WALL. */
  function right(table: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'meshx-firewall-'));
    try {
      writeFileSync(join(folder, 'before'), WALL);
      writeFileSync(join(folder, 'now'), table);
      return execFileSync('bash', ['-c', RIGHT, FIREWALL, folder], { encoding: 'utf8' }).trim();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  test('are right while each rule has its twin, wherever it is in the chain', () => {
    expect(right(twinned)).toBe('right');
    expect(right(twinned.replace('-A INPUT', '-A INPUT -i lo -j ACCEPT\n-A INPUT'))).toBe('right');
  });

  test.each([
    ['removed', 'a reload took them away', WALL],
    ['removed', 'one is there twice', twinned.replace(TWIN, TWIN + TWIN)],
    [
      'outdated',
      'a rule has gone and its own is left',
      twinned.replace(/-A INPUT -s 10.0.0.1\/32 -p tcp -m tcp --dport 3306.*\n/, ''),
    ],
    [
      'outdated',
      'a rule has changed',
      twinned.replace('-s 10.0.0.1/32 -p tcp -m tcp --dport 3306', '-s 10.9.9.9/32 -p tcp -m tcp --dport 3306'),
    ],
    [
      'outdated',
      'a rule was added',
      twinned.replace('COMMIT', '-A INPUT -s 10.0.0.2/32 -p tcp -m tcp --dport 3306 -j ACCEPT\nCOMMIT'),
    ],
  ])('are %s when %s', (said, _, table) => {
    expect(right(table)).toBe(said);
  });
});

test('the watcher stops before capture does and comes back when it is killed; firewalls are loaded before capture', () => {
  const unit = (name: string): string => readFileSync(new URL(`../../systemd/${name}`, import.meta.url), 'utf8');
  for (const line of ['PartOf=meshx-capture.service', 'After=meshx-capture.service', 'Restart=always'])
    expect(unit('meshx-watch.service').split('\n')).toContain(line);
  for (const firewall of ['firewalld', 'ufw', 'nftables', 'netfilter-persistent'])
    expect(unit('meshx-capture.service')).toMatch(new RegExp(`^After=.*\\b${firewall}\\.service`, 'm'));
});
