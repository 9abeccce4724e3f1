import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createNotify } from '../../src/agent/notify.ts';
import { createVitalSigns } from '../../src/agent/vital-signs.ts';
import { until } from '../host/contract.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Prints what arrives, as systemd would read it. perl is part of every Debian; Node.js has no such socket. */
const RECEIVE = `socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un($ARGV[0])); $| = 1; print "bound\\n";
while (defined(recv(S, $m, 4096, 0))) { print "$m\\n" }`;

/** A socket as systemd's, and what was sent to it. */
async function manager() {
  const socket = join(temporaryFolder(), 'notify');
  const child = spawn('perl', ['-MSocket', '-e', RECEIVE, socket]);
  let text = '';
  child.stdout.on('data', (part) => (text += String(part)));
  const got = (part: string): Promise<void> => until(() => Promise.resolve(text.includes(part)));
  await got('bound');
  return { socket, got, text: () => text, [Symbol.dispose]: () => void child.kill() };
}

const failures: string[] = [];
const fail = (reason: string): void => void failures.push(reason);

test('messages reach systemd', async () => {
  using systemd = await manager();
  const notify = createNotify({ NOTIFY_SOCKET: systemd.socket }, process.pid, fail);
  await notify.send('READY=1', 'STATUS=2 of 3 services in rotation');
  await systemd.got('READY=1\nSTATUS=2 of 3 services in rotation');
  expect(failures).toEqual([]);
});

test('a sign of life comes while the loop is alive, and not while it hangs', async () => {
  using systemd = await manager();
  const env = { NOTIFY_SOCKET: systemd.socket, WATCHDOG_USEC: '300000', WATCHDOG_PID: String(process.pid) };
  let [isAlive, asked] = [true, 0];
  const signs = createVitalSigns(createNotify(env, process.pid, fail), () => {
    asked += 1;
    return { isAlive, summary: `sign ${asked}` };
  });
  await signs.ready();
  await systemd.got('STATUS=sign 3');
  expect(systemd.text()).toContain('WATCHDOG=1');
  isAlive = false;
  const silent = asked + 1;
  await until(() => Promise.resolve(asked >= silent + 2));
  await signs.stopping();
  await systemd.got('STOPPING=1');
  expect(systemd.text()).not.toContain(`STATUS=sign ${silent}`);
});

test.each([
  ['without systemd', {}, undefined],
  ['without a watchdog', { NOTIFY_SOCKET: '/run/n' }, undefined],
  ['with a watchdog', { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '7' }, 10_000],
  [
    "with another process's watchdog",
    { NOTIFY_SOCKET: '/run/n', WATCHDOG_USEC: '30000000', WATCHDOG_PID: '8' },
    undefined,
  ],
])('the time between signs of life %s', (_what, env, expected) => {
  expect(createNotify(env, 7, fail).watchdogMs).toBe(expected);
});

test('a message that cannot be sent is reported, and stops nothing', async () => {
  const found: string[] = [];
  const notify = createNotify({ NOTIFY_SOCKET: '/nonexistent/notify' }, 7, (reason) => found.push(reason));
  await notify.send('READY=1');
  expect(found).toEqual([expect.stringContaining('systemd-notify ended with 1')]);
});
