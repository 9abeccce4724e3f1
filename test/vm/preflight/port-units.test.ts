import { parseAnswers } from '../../../src/vm/preflight/probe.ts';
import { portUnits } from '../../../src/vm/preflight/port-units.ts';

const found = (...lines: readonly string[]) => portUnits(parseAnswers(['machine|x86_64', ...lines].join('\n')) ?? {});
const listens = (port: number, users: string, address = '0.0.0.0') =>
  `tcp|LISTEN 0 80 ${address}:${port} 0.0.0.0:* uid:101 ino:7 ${users}`;
const MAIN = ['main|700 mariadb.service', 'main|900 cron.service'];

test('the main process of a unit names the unit of its ports, by IPv4 and IPv6', () => {
  const mariadb = 'users:(("~mariadbd",pid=700))';
  const ports = [listens(3306, mariadb), listens(3306, mariadb, '[::]').replace(' 0.0.0.0:*', ' [::]:*')];
  expect(found(...MAIN, ...ports)).toEqual({ 3306: 'mariadb.service' });
});

test('a server whose processes share the socket is that of its main process', () => {
  expect(found(...MAIN, listens(80, 'users:(("~nginx",pid=700),("~nginx",pid=701))'))).toEqual({
    80: 'mariadb.service',
  });
});

test.each([
  ['a process that a unit only started', [listens(3306, 'users:(("~mariadbd",pid=901))')]],
  ['a process that calls itself as one', [listens(3306, 'users:(("~x,pid=700",pid=901))')]],
  ['a socket that systemd still holds', [listens(3306, '')]],
  ['two units', [listens(3306, 'users:(("~a",pid=700),("~b",pid=900))')]],
  [
    'one unit by IPv4 and another process by IPv6',
    [listens(3306, 'users:(("~a",pid=700))'), listens(3306, 'users:(("~b",pid=901))', '[::]')],
  ],
])('no unit has a port of %s', (_, lines) => {
  expect(found(...MAIN, ...lines)).toEqual({});
});
