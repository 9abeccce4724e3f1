import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Lab } from '../lab/lab.ts';
import { sshArgv } from '../lab/operator.ts';
import { expectDone } from './support/done.ts';
import { query } from './support/mysql.ts';
import { seedRatings } from './support/ratings.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

const VM = 'held';
const IP = '10.150.0.61';
const CLIENT = 'heldclient';
const OUTSIDER = 'heldoutside';
const DB = 'helddb.held.svc.cluster.local';
const TICK = 'while :; do echo tick; sleep 0.01; done';
/** A client that asks all the time and says so when it loses its connection. */
const BUSY = `i=0; while :; do i=$((i + 1)); echo "select 'row $i';"; sleep 0.05; done | mysql -h ${IP} -u root -ppassword -N -B -n --skip-reconnect test 2>&1 || echo lost`;

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'held');
  await lab.pod(CLIENT, '10.150.0.62', { namespace: 'held' });
  await lab.host(OUTSIDER, '10.150.0.63');
  await lab.vm(VM, IP);
  await seedRatings(lab, VM);
}, 180_000);

afterAll(async () => {
  await lab.removeVm(VM);
  await lab.removeMember(CLIENT);
  await lab.removeMember(OUTSIDER);
}, 60_000);

const up = (...more: readonly string[]): readonly string[] => [
  ...['up', VM, '-n', 'held', '--service', 'helddb:3306', '--package', lab.deb, '--istiod-address', '10.150.0.1'],
  ...more,
];

const status = async (): Promise<Record<string, unknown>> => {
  const ran = await lab.meshx(['capture', VM, 'status', '-o', 'json']);
  expectDone(ran);
  return JSON.parse(ran.stdout) as Record<string, unknown>;
};

const expectOut = async (): Promise<void> => {
  // A login of its own: the one that a wrong capture would keep out.
  expect(await lab.mustSsh(VM, 'systemctl is-enabled istio.service meshx-capture.service || true')).toBe(
    'disabled\ndisabled\n',
  );
  expect(await lab.mustSsh(VM, 'iptables-save; iptables-legacy-save 2>/dev/null; true')).not.toMatch(/^:ISTIO_/m);
  expect(await status()).toMatchObject({ captured: false, boot: [] });
};

const expectIn = async (): Promise<void> => {
  expect(await status()).toMatchObject({ captured: true, boot: ['istio.service', 'meshx-capture.service'] });
  expect(await status()).not.toHaveProperty('armed');
  const rows = async (): Promise<boolean> => (await query(lab, CLIENT, DB, 'select 1')).stdout === '1\n';
  await lab.waitFor('the database through the mesh', rows);
};

/** `up` that is killed when capture has started and nothing is confirmed yet. */
async function killedInTheMiddle(within: number): Promise<void> {
  const [program = '', ...args] = lab.meshxArgv(up('--confirm-within', String(within)));
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: lab.home });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('+ Capture traffic')) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(said).toContain('Arm the dead-man switch');
  expect(said).not.toContain('[confirmed]');
  expect(await status()).toMatchObject({ armed: { by: expect.stringContaining('root@') } });
}

test('a busy database connection and a login from before live on through up and configure', async () => {
  using busy = new Session(lab.inArgv(OUTSIDER, ['sh', '-c', BUSY]));
  using ticking = new Session(sshArgv(lab.names, VM, [TICK]));
  await lab.waitFor('the database to answer', () => busy.output.includes('row 5\n'));
  await lab.waitFor('the login to print', () => ticking.output.includes('tick'));
  const ran = await lab.meshx(up());
  expectDone(ran);
  expect(ran.stderr).toMatch(
    /\+ Arm the dead-man switch\nheld rolls itself back at \d\d:\d\d:\d\d unless a new login confirms the change\n/,
  );
  expect(ran.stderr).toContain('[confirmed]');
  await expectIn();
  const configured = await lab.meshx(['configure', VM, '--set', 'ISTIO_META_HELD=yes']);
  expectDone(configured);
  expect(configured.stderr).toContain('[confirmed]');
  const [rows, ticks] = [busy.output.length, ticking.output.length];
  await lab.waitFor('the database to answer on', () => busy.output.length > rows + 100);
  await lab.waitFor('the login to print on', () => ticking.output.length > ticks + 50);
  expect(busy.output).not.toMatch(/lost|ERROR/);
  await expectIn();
}, 180_000);

test('a run whose plan is empty arms nothing', async () => {
  const ran = await lab.meshx(up());
  expectDone(ran);
  expect(ran.stdout).toContain('no changes');
  expect(ran.stderr).not.toContain('Arm the dead-man switch');
}, 120_000);

test('a login that opens while the rules are made lives on', async () => {
  await lab.mustSsh(VM, 'systemctl stop meshx-capture.service && /usr/local/lib/meshx/capture ended');
  await lab.flushConntrack(VM);
  const slow = [
    '#!/bin/sh',
    'if [ "$*" = istio-iptables ]; then touch /run/in-the-middle; until [ -e /run/go-on ]; do sleep 0.05; done; fi',
    'exec /usr/local/bin/pilot-agent.own "$@"',
    '',
  ].join('\n');
  await lab.mustSsh(
    VM,
    'cd /usr/local/bin && cp -p pilot-agent /run/agent.times && mv pilot-agent pilot-agent.own && cat >pilot-agent && chmod 755 pilot-agent',
    { input: slow },
  );
  try {
    await lab.mustSsh(VM, 'systemctl start --no-block meshx-capture.service');
    await lab.waitFor('the guard', async () => (await lab.ssh(VM, 'test -e /run/in-the-middle')).exitCode === 0);
    using ticking = new Session(sshArgv(lab.names, VM, [TICK]));
    await lab.waitFor('the login to print', () => ticking.output.includes('tick'));
    await lab.mustSsh(VM, 'touch /run/go-on');
    const captured = async () => (await lab.ssh(VM, 'systemctl is-active -q meshx-capture.service')).exitCode === 0;
    await lab.waitFor('capture to start', captured);
    const before = ticking.output.length;
    await lab.waitFor('the login to print on', () => ticking.output.length > before + 50);
  } finally {
    await lab.mustSsh(VM, 'mv -f /usr/local/bin/pilot-agent.own /usr/local/bin/pilot-agent; rm -f /run/agent.times');
  }
}, 120_000);

test('a connection through the sidecar outlives the rules, and ends with the sidecar', async () => {
  const client = `while :; do echo "select 'row';"; sleep 0.1; done | mysql -h ${DB} -u root -ppassword -N -B -n --skip-reconnect test 2>&1 || echo lost`;
  using busy = new Session(lab.inArgv(CLIENT, ['sh', '-c', client]));
  await lab.waitFor('the database to answer', () => busy.output.includes('row'));
  await lab.mustSsh(VM, 'systemctl stop meshx-capture.service');
  const seen = busy.output.length;
  await lab.waitFor('the database to answer on', () => busy.output.length > seen + 40);
  expect(busy.output).not.toContain('lost');
  await lab.mustSsh(VM, 'systemctl stop istio.service');
  expect(await lab.mustSsh(VM, 'iptables-save; iptables-legacy-save 2>/dev/null; true')).not.toMatch(/ISTIO_|MESHX_/);
  expectDone(await lab.meshx(up()));
  await expectIn();
}, 120_000);

test('a failing check rolls the VM back at once and shows what was seen; up joins it again', async () => {
  // Lets the operator's plaintext pass the sidecar, which the policies say is refused.
  const hole = 'PREROUTING -p tcp -s 10.150.0.1 --dport 3306 -j ACCEPT';
  await lab.mustSsh(VM, `systemctl stop istio.service && iptables -t nat -I ${hole}`);
  const ran = await lab.meshx(up());
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('meshx explain reverted');
  expect(ran.stderr).toMatch(
    /- a client outside the mesh gets the response that the policies prescribe at helddb:3306.*in plaintext/,
  );
  expect(ran.stderr).toMatch(/hint: .*meshx up held/);
  await expectOut();
  await lab.mustSsh(VM, `iptables -t nat -D ${hole}`);
  const again = await lab.meshx(up());
  expectDone(again);
  expect(again.stderr).toContain('an earlier run by');
  await expectIn();
  expect(await status()).not.toHaveProperty('reverted');
}, 240_000);

test('configure refuses port 22 before anything is changed', async () => {
  const ran = await lab.meshx(['configure', VM, '--ports', '22,3306']);
  expect(ran.exitCode).toBe(2);
  expect(ran.stderr).toContain('port 22 is that of SSH');
  await expectIn();
}, 60_000);

test('a VM with a setting to capture another port of SSH refuses, rolls back, and accepts logins throughout', async () => {
  await lab.mustSsh(VM, 'systemd-run -q --unit=second-sshd /usr/sbin/sshd -D -p 2022');
  using ticking = new Session(sshArgv(lab.names, VM, [TICK]));
  await lab.waitFor('the login to print', () => ticking.output.includes('tick'));
  const ran = await lab.meshx(['configure', VM, '--ports', '2022,3306']);
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('meshx explain reverted');
  expect(ran.stderr).toContain('would capture port 2022');
  await expectOut();
  const before = ticking.output.length;
  await lab.waitFor('the login to print on', () => ticking.output.length > before + 50);
  await lab.mustSsh(VM, 'systemctl stop second-sshd.service');
  const repaired = await lab.meshx(['configure', VM, '--ports', '3306']);
  expectDone(repaired);
  await expectIn();
}, 180_000);

test('after the operator is killed when capture has started, the VM rolls itself back in time', async () => {
  await lab.mustSsh(VM, 'systemctl stop istio.service');
  await killedInTheMiddle(10);
  const back = async (): Promise<boolean> => (await lab.ssh(VM, 'test -e /var/lib/meshx/armed')).exitCode === 1;
  await lab.waitFor('the VM to go back', back, { timeoutMs: 60_000 });
  await lab.waitFor('all of it', async () =>
    (await lab.mustSsh(VM, 'cat /var/lib/meshx/reverted')).includes('kept=no'),
  );
  await expectOut();
  const seconds =
    'cd /var/lib/meshx && for key in until reverted; do date -d "$(sed -n "s/^$key=//p" reverted)" +%s; done';
  const [due = 0, done = 0] = (await lab.mustSsh(VM, seconds)).trim().split('\n').map(Number);
  process.stderr.write(`the VM went back ${done - due} s after its time (whole seconds, by its own clock)\n`);
  expect(done).toBeGreaterThanOrEqual(due);
  expectDone(await lab.meshx(up()));
  await expectIn();
}, 240_000);

test('a run after one that was killed takes the switch over and confirms', async () => {
  await lab.mustSsh(VM, 'systemctl stop istio.service');
  await killedInTheMiddle(600);
  // A run without changes does too, or the VM would roll back after it.
  const ran = await lab.meshx(['configure', VM, '--ports', '3306']);
  expectDone(ran);
  expect(ran.stderr).toContain('this run takes over');
  await expectIn();
  expect(await lab.mustSsh(VM, 'systemctl is-active meshx-revert.timer || true')).toBe('inactive\n');
}, 180_000);

test('a VM that reboots before the confirmation comes up without capture', async () => {
  await lab.mustSsh(VM, 'systemctl stop istio.service');
  await killedInTheMiddle(3600);
  await lab.reboot(VM);
  await expectOut();
  expect(await lab.mustSsh(VM, 'systemctl is-active istio.service meshx-capture.service || true')).toBe(
    'inactive\ninactive\n',
  );
  expect(await status()).toMatchObject({ reverted: { why: expect.stringContaining('started again') } });
  expectDone(await lab.meshx(up()));
  await expectIn();
}, 240_000);

test('meshx-bypass takes the machine out without the operator, over a reboot, and capture on brings it back', async () => {
  const plain = async (): Promise<boolean> => (await query(lab, OUTSIDER, IP, 'select 1')).stdout === '1\n';
  expect(await plain()).toBe(false);
  await lab.mustSsh(VM, 'meshx-bypass off');
  await expectOut();
  await lab.waitFor('a client outside the mesh', plain);
  await lab.reboot(VM);
  await expectOut();
  await lab.waitFor('a client outside the mesh after the reboot', plain);
  const ran = await lab.meshx(['capture', VM, 'on']);
  expectDone(ran);
  expect(ran.stderr).toContain('[confirmed]');
  await expectIn();
  expect(await plain()).toBe(false);
  expect(await status()).not.toHaveProperty('bypassedSince');
}, 240_000);

test('capture off and on again, and up on a bypassed VM brings it back and says so', async () => {
  expectDone(await lab.meshx(['capture', VM, 'off']));
  await expectOut();
  const ran = await lab.meshx(up());
  expectDone(ran);
  expect(ran.stderr).toContain('this run turns capture on again');
  await expectIn();
  expect((await lab.ssh(VM, 'test -e /var/lib/meshx/bypass')).exitCode).toBe(1);
}, 180_000);

test('meshx-bypass works on a full disk and without the other files of meshx', async () => {
  await using _full = await lab.fullDisk(VM, '/var/lib/meshx');
  await lab.mustSsh(VM, 'mv /usr/local/lib/meshx /run/hidden');
  try {
    expect(await lab.mustSsh(VM, 'meshx-bypass off')).toContain('capture is off');
    await expectOut();
  } finally {
    await lab.mustSsh(VM, 'mv /run/hidden /usr/local/lib/meshx');
  }
  expect(await lab.mustSsh(VM, 'meshx-bypass on')).toContain('capture is on');
  await expectIn();
}, 120_000);
