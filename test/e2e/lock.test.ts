import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import { sshArgv } from '../lab/operator.ts';
import { expectDone } from './support/done.ts';
import { Operator } from './support/operator.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'lock');
  await lab.vm('locked', '10.150.0.55', { mysql: 'off' });
  // sudo on a terminal of its own puts one more process between sshd and the command.
  await lab.mustSsh(
    'locked',
    'echo "Defaults use_pty" > /etc/sudoers.d/zz-pty && systemctl enable --now lab-http@8080',
  );
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

const up = (...more: readonly string[]): readonly string[] => [
  ...['up', 'locked', '-n', 'lock', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'],
  ...['--service', 'web:http:8080', '--package', lab.deb, ...more],
];

const LOCK = '/run/meshx/operator';
const AUDIT = '/var/lib/meshx/audit';
/** Makes that something is to be done. */
const drift = async (): Promise<void> => void (await lab.mustSsh('locked', 'rm -f /etc/logrotate.d/meshx'));
const lock = async (): Promise<string> => (await lab.ssh('locked', `cat ${LOCK} 2>/dev/null`)).stdout;

/** An operator who has begun to change the VM, with a stopped clock. */
async function stoppedInTheMiddle(args: readonly string[]): Promise<Operator> {
  // A run may be over within a second, so the VM itself watches for it from before its start.
  const look = `echo looking; i=0; until test -s ${LOCK} || test $((i += 1)) -gt 3000; do sleep 0.01; done`;
  using looking = new Session(sshArgv(lab.names, 'locked', [look]));
  await lab.waitFor('the VM to look', () => looking.output.includes('looking'));
  const operator = new Operator(lab, args);
  const taken = (): boolean => looking.ended || !operator.running;
  await lab.waitFor('the run to take the lock', taken, { timeoutMs: 60_000, everyMs: 5 });
  operator.signal('SIGSTOP');
  if ((await lock()) === '') throw new Error(`the run ended too early: ${(await operator.ended).stderr}`);
  return operator;
}

test('the second of two operators at once sees who holds the lock, since when, from where and for what; the first continues', async () => {
  using first = await stoppedInTheMiddle(up());
  const since = Date.now();
  const second = await lab.meshx(up('--user', 'deploy'));
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toContain('meshx explain vm-locked');
  expect(second.stderr).toMatch(
    /being changed by root@\S+ from 10\.150\.0\.1 since \d{4}-\d\d-\d\dT[\d:]+Z: meshx up locked/,
  );
  expect(await lab.auditMutations(since)).toEqual([]);
  first.signal('SIGCONT');
  expectDone(await first.ended);
  expect(await lock()).toBe('');
}, 180_000);

test('a run with nothing to do takes no lock and writes no line', async () => {
  const before = await lab.mustSsh('locked', `sha256sum ${AUDIT}`);
  const ran = await lab.meshx(up());
  expectDone(ran);
  expect(ran.stdout).toContain('no changes');
  expect(await lab.mustSsh('locked', `sha256sum ${AUDIT}`)).toBe(before);
}, 120_000);

test('the lock of a killed run is free at once, and the next run says that it did not end', async () => {
  await drift();
  using killed = await stoppedInTheMiddle(up('--user', 'deploy'));
  const held = await lock();
  expect(held).toMatch(/^login deploy$/m);
  const pid = /^anchor (\d+) /m.exec(held)?.[1] ?? '-';
  expect(await lab.mustSsh('locked', `cat /proc/${pid}/comm`)).toMatch(/^sshd/);
  await drift();
  killed.signal('SIGKILL');
  const next = await lab.meshx(up());
  expectDone(next);
  expect(next.stderr).toContain('did not end');
  expect(await lock()).toBe('');
}, 180_000);

test('the lock of a disconnected run ends with its lease, and that run reports it when it reconnects', async () => {
  await drift();
  using cutOff = await stoppedInTheMiddle(up());
  await lab.mustSsh('locked', `sed -i 's/^renewed .*/renewed 0/' ${LOCK}`);
  await drift();
  expectDone(await lab.meshx(up()));
  cutOff.signal('SIGCONT');
  const ended = await cutOff.ended;
  expect(ended.stderr).toContain('meshx explain lock-lost');
  expect(ended.exitCode).toBe(1);
  expect(await lock()).toBe('');
}, 180_000);

test('Ctrl-C gives the lock back', async () => {
  await drift();
  using stopped = await stoppedInTheMiddle(up());
  stopped.signal('SIGINT');
  stopped.signal('SIGCONT');
  expect((await stopped.ended).exitCode).toBe(1);
  expect(await lock()).toBe('');
}, 120_000);

/** Lines of the audit that name a command, as `event: command`. */
const noted = async (command: string): Promise<readonly string[]> => {
  const ran = await lab.meshx(['audit', 'locked', '-o', 'json']);
  expectDone(ran);
  const { lines } = JSON.parse(ran.stdout) as { lines: readonly { event: string; command: string }[] };
  return lines.filter((line) => line.command.startsWith(command)).map((line) => `${line.event}: ${line.command}`);
};

test('capture off and on change the VM under its lock, and are noted; what is so already takes no lock', async () => {
  {
    await drift();
    using first = await stoppedInTheMiddle(up());
    const refused = await lab.meshx(['capture', 'locked', 'off']);
    expect(refused.stderr).toContain('meshx explain vm-locked');
    expect(refused.stderr).toContain('sudo meshx-bypass off');
    first.signal('SIGCONT');
    expectDone(await first.ended);
  }
  for (const verb of ['off', 'off', 'on', 'on', 'status']) expectDone(await lab.meshx(['capture', 'locked', verb]));
  expect(await noted('meshx capture')).toEqual([
    'began: meshx capture locked off',
    'ended: meshx capture locked off',
    'began: meshx capture locked on',
    'ended: meshx capture locked on',
  ]);
  expect(await lock()).toBe('');
}, 180_000);

test('sudoers --install changes the VM under its lock, and is noted', async () => {
  const install = ['sudoers', 'root@locked', '--for', 'deploy', '--install'];
  {
    await drift();
    using first = await stoppedInTheMiddle(up());
    expect((await lab.meshx(install)).stderr).toContain('meshx explain vm-locked');
    first.signal('SIGCONT');
    expectDone(await first.ended);
  }
  for (const words of [install, install]) expectDone(await lab.meshx(words));
  const command = 'meshx sudoers root@locked --for deploy --install';
  expect(await noted('meshx sudoers')).toEqual([`began: ${command}`, `ended: ${command}`]);
}, 180_000);

test('the audit says who changed the VM; it is exported; a changed line is found', async () => {
  const file = join(lab.home, 'audit.jsonl');
  const audit = await lab.meshx(['audit', 'locked', '--export', file]);
  expectDone(audit);
  expect(await readFile(file, 'utf8')).toBe(await lab.mustSsh('locked', `cat ${AUDIT}`));
  expect((await stat(file)).mode & 0o077).toBe(0);
  expect(await lab.mustSsh('locked', `stat -c '%U %a' ${AUDIT}`)).toBe('root 600\n');
  for (const result of ['changed', 'did not end', 'failed: lock-lost', 'interrupted'])
    expect(audit.stdout).toContain(result);
  expect(audit.stdout).toMatch(/deploy@10\.150\.0\.1/);
  const head = /Head: ([0-9a-f]{64})/.exec(audit.stdout)?.[1] ?? '';
  expectDone(await lab.meshx(['audit', 'locked', '--head', head]));

  await lab.mustSsh('locked', `cp -p ${AUDIT} /root/audit && sed -i '2s/root/else/' ${AUDIT}`);
  const broken = await lab.meshx(['audit', 'locked', '-o', 'json']);
  expect(broken.exitCode).toBe(1);
  expect(JSON.parse(broken.stdout)).toMatchObject({ problem: { id: 'audit-chain-broken' } });
  expect(broken.stderr).toContain('line 3 does not follow the one before it');
  await lab.mustSsh('locked', `sed -i '$d' /root/audit && cp -p /root/audit ${AUDIT}`);
  expect((await lab.meshx(['audit', 'locked', '--head', head])).stderr).toContain('audit-head-missing');
}, 120_000);
