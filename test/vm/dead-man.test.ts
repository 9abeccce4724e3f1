import { jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import type { PlannedStep } from '../../src/reconcile/plan.ts';
import { parseCaptureState } from '../../src/vm/capture-state.ts';
import { parseSwitch, startsSidecar } from '../../src/vm/dead-man.ts';
import { aMachine, DOCKER, type Machine } from './shim-vm.ts';

// Scripts run hundreds of small programs: on a busy machine that takes its time.
jest.setTimeout(60_000);

const ENABLED = 'units/istio.service/enabled';
const TIMER = 'units/meshx-revert.timer/active';

/** A VM whose units are there, run with these invocations, and start at boot. */
async function aMember(runs: Readonly<Record<string, string>>): Promise<Machine> {
  const machine = await aMachine();
  for (const unit of ['istio.service', 'meshx-capture.service']) {
    await machine.write(`units/${unit}/enabled`, '');
    if (runs[unit]) await machine.write(`units/${unit}/active`, runs[unit]);
  }
  return machine;
}

const RUNNING = { 'istio.service': 'first', 'meshx-capture.service': 'first' };

/** A VM that captures. */
let capturing: Machine;
/** A VM whose sidecar and capture were started after the switch was armed, and that has no open connection. */
let armed: Machine;
beforeAll(async () => {
  capturing = await aMember(RUNNING);
  await capturing.run('start');
  armed = await aMember({});
  await armed.run('arm 45 root@desk');
  await armed.run('start');
  await armed.write('units/istio.service/active', 'second');
  await armed.write('connections', '');
});
afterAll(async () => {
  await capturing[Symbol.asyncDispose]();
  await armed[Symbol.asyncDispose]();
});

/** The switch is due in so many seconds. */
async function due(machine: Machine, seconds: number): Promise<void> {
  const text = await machine.read('run/meshx/armed');
  const deadline = Math.floor(uptime()) + seconds;
  await machine.write('run/meshx/armed', text.replace(/^deadline=.*$/m, `deadline=${deadline}`));
}

async function startedSinceArming(): Promise<Machine> {
  const machine = armed.copy();
  // The first one was armed long before.
  await due(machine, 46);
  return machine;
}

describe('arm', () => {
  test('notes who and until when, keeps the units from boot, and starts the timer', async () => {
    await using machine = await aMember(RUNNING);
    const { code, stdout } = await machine.run('arm 45 root@desk');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^until=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\n$/);
    expect([machine.exists(ENABLED), machine.exists(TIMER)]).toEqual([false, true]);
    const deadline = Number(/^deadline=(\d+)$/m.exec(await machine.read('run/meshx/armed'))?.[1]);
    expect(Math.abs(deadline - (uptime() + 45))).toBeLessThan(20);
    const { stdout: said } = await machine.run('switch');
    expect(parseSwitch(said)).toEqual({
      armed: { since: expect.any(String), until: expect.any(String), by: 'root@desk' },
    });
  });

  test('leaves all as it was when the timer does not start, and says that nothing may start', async () => {
    await using machine = await aMember(RUNNING);
    await machine.write('timer-fails', '');
    const { code, stderr } = await machine.run('arm 45 root@desk');
    expect(code).toBe(1);
    expect(stderr).toContain('could not be armed');
    expect([machine.exists(ENABLED), machine.exists('var/lib/meshx/armed')]).toEqual([true, false]);
  });

  test.each(['', 'soon', '5;reboot'])('does not take %j for a number of seconds', async (seconds) => {
    await using machine = await aMember(RUNNING);
    expect((await machine.run(`arm ${seconds}`)).code).toBe(1);
    expect(machine.exists('var/lib/meshx/armed')).toBe(false);
  });
});

describe('confirm', () => {
  test('lets the units start at boot and stops the timer', async () => {
    await using machine = await aMember(RUNNING);
    await machine.run('arm 45 root@desk');
    expect((await machine.run('confirm')).code).toBe(0);
    expect([machine.exists(ENABLED), machine.exists(TIMER)]).toEqual([true, false]);
    expect((await machine.run('switch')).stdout).toBe('');
  });

  test('lets the units of the agent start at boot, too, and no others', async () => {
    await using machine = await aMember(RUNNING);
    await machine.run('arm 45 root@desk');
    const named = ['meshx-agent.service', 'meshx-drain-a.service', 'cron.service'];
    for (const unit of named) await machine.write(`units/${unit}/active`, 'first');
    expect((await machine.run(`confirm ${named.join(' ')} 'meshx-drain-b.service cron.service'`)).code).toBe(0);
    const atBoot = ['istio.service', ...named].filter((unit) => machine.exists(`units/${unit}/enabled`));
    expect(atBoot).toEqual(['istio.service', 'meshx-agent.service', 'meshx-drain-a.service']);
  });

  test('comes too late after a revert, and says why by a code of its own', async () => {
    await using machine = await aMember({});
    await machine.run('arm 45 root@desk');
    await machine.run('revert');
    const { code, stdout } = await machine.run('confirm');
    expect(code).toBe(190);
    expect(parseSwitch(stdout).reverted).toMatchObject({
      why: 'not confirmed within 45 s',
      by: 'root@desk',
      kept: false,
    });
    expect(machine.exists(ENABLED)).toBe(false);
  });

  test('is refused when nothing is armed, and while a unit does not run', async () => {
    await using machine = await aMember({ 'istio.service': 'first' });
    expect((await machine.run('confirm')).code).toBe(191);
    await machine.run('arm 45 root@desk');
    expect(await machine.run('confirm')).toMatchObject({
      code: 193,
      stderr: 'meshx dead-man: meshx-capture.service is inactive\n',
    });
    expect(machine.exists('var/lib/meshx/armed')).toBe(true);
  });
});

describe('revert', () => {
  test('takes the rules away, stops the sidecar, and leaves it out of the next boot', async () => {
    await using machine = await startedSinceArming();
    await machine.write('run/meshx/why', 'a check failed\n');
    expect((await machine.run('revert')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect([machine.exists(ENABLED), machine.exists('units/istio.service/active')]).toEqual([false, false]);
    const { stdout } = await machine.run('status');
    expect(parseCaptureState(stdout)).toMatchObject({
      captured: false,
      reverted: { why: 'a check failed', by: 'root@desk', kept: false },
    });
  });

  test('reverts even if the switch cannot be written', async () => {
    await using machine = await startedSinceArming();
    // No file can take the place of a folder that is not empty: root writes on what is read-only to others.
    await machine.write('var/lib/meshx/reverted/armed/x', '');
    await machine.run('revert');
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect(machine.exists('units/istio.service/active')).toBe(false);
    expect(parseSwitch((await machine.run('switch')).stdout).reverted).toMatchObject({ by: 'root@desk', kept: false });
    expect((await machine.run('confirm')).code).toBe(190);
    await machine.remove('var/lib/meshx/reverted');
    await machine.run('arm 45 root@desk');
    await machine.run('revert');
    expect(await machine.read('var/lib/meshx/reverted')).toContain('why=not confirmed within 45 s');
  });

  test('leaves running what ran before, when nothing was started since', async () => {
    await using machine = capturing.copy();
    await machine.run('arm 45 root@desk');
    expect((await machine.run('revert')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
    expect(parseSwitch((await machine.run('switch')).stdout).reverted?.kept).toBe(true);
  });

  test('a run that takes over an armed switch does not take what the dead run started for what ran before', async () => {
    await using machine = capturing.copy();
    await machine.run('arm 45 root@desk');
    await machine.write('units/istio.service/active', 'second');
    expect((await machine.run('arm 60 other@desk')).stdout).toContain('armed-by=root@desk');
    await machine.run('revert');
    expect(await machine.nat('iptables-nft')).not.toContain('ISTIO_');
  });

  test('does nothing when nothing is armed', async () => {
    await using machine = capturing.copy();
    expect((await machine.run('revert')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
  });

  test('a reboot before the confirmation counts as one', async () => {
    await using machine = await aMember({});
    await machine.run('arm 45 root@desk');
    await machine.rebooted();
    expect(parseSwitch((await machine.run('switch')).stdout).reverted?.why).toContain('started again');
    expect((await machine.run('confirm')).code).toBe(190);
  });
});

describe('a revert that cannot end', () => {
  /** The rules of one backend stay, whatever is tried. */
  async function stuck(): Promise<Machine> {
    const machine = await startedSinceArming();
    await machine.write('iptables-nft.refuses', '');
    return machine;
  }

  test('stays armed, and the next one continues until the rules are gone', async () => {
    await using machine = await stuck();
    await machine.write('run/meshx/why', 'a check failed\n');
    const first = await machine.run('revert');
    expect(first.code).toBe(1);
    expect(first.stderr).toContain('some rules are still loaded');
    expect([machine.exists('var/lib/meshx/armed'), machine.exists(TIMER)]).toEqual([true, true]);
    const said = parseSwitch((await machine.run('switch')).stdout);
    expect(said.reverted).toBeUndefined();
    expect(said.armed).toMatchObject({ by: 'root@desk', reverting: 'a check failed' });
    await machine.unrefuse('iptables-nft');
    expect((await machine.run('revert')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect([machine.exists('var/lib/meshx/armed'), machine.exists(TIMER)]).toEqual([false, false]);
    expect(parseSwitch((await machine.run('switch')).stdout).reverted?.why).toBe('a check failed');
    expect((await machine.run('revert')).stdout).toContain('not armed');
  });

  test('cannot be confirmed, and the timer continues it', async () => {
    await using machine = await stuck();
    await machine.run('revert');
    expect((await machine.run('confirm')).code).toBe(190);
    expect(machine.exists(ENABLED)).toBe(false);
    await machine.unrefuse('iptables-nft');
    expect((await machine.run('due')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  });

  test('is begun by the timer when /run has lost the switch', async () => {
    await using machine = await startedSinceArming();
    await machine.remove('run/meshx/armed');
    expect((await machine.run('due')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect((await machine.run('revert')).stdout).toContain('not armed');
  });

  test('of the former build, which recorded its end first, is continued', async () => {
    await using machine = capturing.copy();
    await machine.write('connections', '');
    await machine.write('var/lib/meshx/reverted', `${FORMER}reverted=2026-01-01T00:01:31Z\nwhy=x\nkept=partly\n`);
    expect((await machine.run('revert')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect((await machine.run('revert')).stdout).toContain('not armed');
  });
});

/** What the former build wrote when it armed. */
const FORMER = 'since=2026-01-01T00:00:00Z\nuntil=2026-01-01T00:01:30Z\nwithin=90\nby=root@desk\nran=\nboot=\n';

describe('the timer', () => {
  test('reverts when the machine has run until the deadline, whatever its clock says', async () => {
    await using machine = await startedSinceArming();
    await machine.write(
      'var/lib/meshx/armed',
      (await machine.read('run/meshx/armed')).replace(/until=.*/, 'until=2000'),
    );
    const said = parseSwitch((await machine.run('switch')).stdout).armed;
    expect(Math.abs(Date.parse(said?.until ?? '') - Date.now() - 45_000)).toBeLessThan(20_000);
    await due(machine, 2);
    expect((await machine.run('due')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect(parseSwitch((await machine.run('switch')).stdout).reverted?.why).toBe('not confirmed within 45 s');
  });

  test('takes nothing away before, and ends to be started again', async () => {
    await using machine = await startedSinceArming();
    expect((await machine.run('due')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toContain('ISTIO_OUTPUT');
    expect(machine.exists(TIMER)).toBe(true);
  });

  test('reverts at once when a run gave a reason and was cut off', async () => {
    await using machine = await startedSinceArming();
    await machine.write('run/meshx/why', 'a check failed\n');
    expect((await machine.run('due')).code).toBe(0);
    expect(parseSwitch((await machine.run('switch')).stdout).reverted?.why).toBe('a check failed');
  });

  test('ends when nothing is armed any more', async () => {
    await using machine = await aMember(RUNNING);
    await machine.write(TIMER, 'first');
    expect((await machine.run('due')).code).toBe(0);
    expect(machine.exists(TIMER)).toBe(false);
  });

  test('of the former build, which comes at its time, finds nothing to wait for', async () => {
    await using machine = capturing.copy();
    await machine.write('connections', '');
    await machine.write('var/lib/meshx/armed', FORMER);
    await machine.write('run/meshx/armed', '');
    expect(parseSwitch((await machine.run('switch')).stdout).armed?.until).toBe('2026-01-01T00:01:30Z');
    expect((await machine.run('due')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect(machine.exists('run/meshx/armed')).toBe(false);
  });

  test('of the former build is replaced when the switch is armed anew', async () => {
    await using machine = await aMember(RUNNING);
    await machine.write('var/lib/meshx/armed', FORMER);
    await machine.write('run/meshx/armed', '');
    await machine.write('run/systemd/system/meshx-revert.timer.d/within.conf', '[Timer]\nOnActiveSec=90\n');
    await machine.write(TIMER, 'former');
    expect((await machine.run('arm 45 root@desk')).code).toBe(0);
    expect(machine.exists('run/systemd/system/meshx-revert.timer.d')).toBe(false);
    const calls = await machine.read('calls');
    expect(calls.indexOf('daemon-reload')).toBeLessThan(calls.indexOf('restart meshx-revert.timer'));
    expect(await machine.read('run/meshx/armed')).toMatch(/^deadline=\d+$/m);
  });
});

describe('meshx-bypass', () => {
  test('off takes rules away and keeps the units from boot; on enables and starts what was', async () => {
    await using machine = capturing.copy();
    await machine.write('connections', '');
    expect((await machine.bypass('off')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
    expect([machine.exists(ENABLED), machine.exists('units/istio.service/active')]).toEqual([false, false]);
    expect((await machine.bypass('status')).stdout).toContain('bypassed=yes');
    await machine.run('start');
    expect((await machine.bypass('on')).code).toBe(0);
    expect([machine.exists(ENABLED), machine.exists('units/istio.service/active')]).toEqual([true, true]);
    expect((await machine.bypass('status')).stdout).toContain('bypassed=no');
  });

  const INDEX = [
    'path file root:root 0644 1700000000.000000000 /etc/resolv.conf',
    'path absent /etc/dnsmasq.d/kubedns',
    'path file root:root 0644 1700000000.000000000 /etc/hosts',
    'unit dnsmasq.service inactive disabled',
    '',
  ].join('\n');

  test('off puts back the files of name resolution as they were, and on brings ours back', async () => {
    await using machine = await aMember({});
    await machine.write('var/lib/meshx/undo/index', INDEX.replaceAll('root:root', machine.owner));
    await machine.write('var/lib/meshx/undo/files/etc/resolv.conf', 'nameserver 10.0.0.2\n');
    await machine.write('etc/resolv.conf', 'nameserver 127.0.0.1\nnameserver 10.0.0.2\n');
    await machine.write('etc/dnsmasq.d/kubedns', 'server=/x/10.0.0.3\n');
    await machine.write('etc/hosts', '10.0.0.9 istiod\n');
    await machine.write('units/dnsmasq.service/active', 'first');
    expect(await machine.bypass('off')).toMatchObject({ code: 0, stderr: '' });
    expect(await machine.read('etc/resolv.conf')).toBe('nameserver 10.0.0.2\n');
    expect(machine.exists('etc/dnsmasq.d/kubedns')).toBe(false);
    expect(machine.exists('units/dnsmasq.service/active')).toBe(false);
    expect(await machine.read('etc/hosts')).toBe('10.0.0.9 istiod\n');
    expect(await machine.bypass('on')).toMatchObject({ code: 0, stderr: '' });
    expect(await machine.read('etc/resolv.conf')).toBe('nameserver 127.0.0.1\nnameserver 10.0.0.2\n');
    expect(await machine.read('etc/dnsmasq.d/kubedns')).toBe('server=/x/10.0.0.3\n');
    expect(machine.exists('etc/.resolv.conf.meshx-bypass')).toBe(false);
  });

  test("on keeps a file that someone changed, and says where meshx's file is", async () => {
    await using machine = await aMember({});
    await machine.write('var/lib/meshx/undo/index', INDEX.replaceAll('root:root', machine.owner));
    await machine.write('var/lib/meshx/undo/files/etc/resolv.conf', 'nameserver 10.0.0.2\n');
    await machine.write('etc/resolv.conf', 'nameserver 127.0.0.1\n');
    await machine.bypass('off');
    await machine.write('etc/resolv.conf', 'nameserver 10.0.0.77\n');
    const { stderr } = await machine.bypass('on');
    expect(stderr).toContain('/etc/resolv.conf was changed since');
    expect(await machine.read('etc/resolv.conf')).toBe('nameserver 10.0.0.77\n');
    expect(await machine.read('etc/.resolv.conf.meshx-bypass')).toBe('nameserver 127.0.0.1\n');
  });

  test('off works without the other scripts and without a journal', async () => {
    await using machine = capturing.copy();
    await machine.forgetRun();
    expect((await machine.bypass('off')).code).toBe(0);
    expect(await machine.nat('iptables-nft')).toBe(DOCKER);
  });

  test('a run that waits for its confirmation does not get it after off', async () => {
    await using machine = await aMember({});
    await machine.run('arm 45 root@desk');
    await machine.bypass('off');
    const { code, stdout } = await machine.run('confirm');
    expect(code).toBe(190);
    expect(parseSwitch(stdout).reverted?.why).toBe('meshx-bypass off');
  });
});

test('a step starts the sidecar if it changes its units before the checks', () => {
  const step = (over: Partial<PlannedStep>): PlannedStep => ({
    id: 'sidecar',
    title: 'Run the sidecar',
    changes: [{ summary: 'start istio.service', scripts: [] }],
    touches: { units: ['istio.service'] },
    ...over,
  });
  expect(startsSidecar(step({}))).toBe(true);
  expect(startsSidecar(step({ touches: { units: ['dnsmasq.service'] } }))).toBe(false);
  expect(startsSidecar(step({ changes: [] }))).toBe(false);
  expect(startsSidecar(step({ when: 'after-checks' }))).toBe(false);
});

test('the timer that is armed is the one that starts the revert', async () => {
  const unit = async (name: string) => await readFile(new URL(`../../systemd/${name}`, import.meta.url), 'utf8');
  expect((await unit('meshx-revert.timer')).split('\n')).toEqual(
    expect.arrayContaining([
      ...['OnActiveSec=0', 'OnUnitInactiveSec=1s', 'AccuracySec=100ms', 'Unit=meshx-revert.service'],
    ]),
  );
  expect(await unit('meshx-revert.service')).toContain('ExecStart=/usr/local/lib/meshx/dead-man due');
});
