import { listeningSockets, takeAgentEnvironment } from '../../src/agent/listening.ts';
import { problemOf } from '../mesh/support.ts';

test.each([
  ['both by name', { LISTEN_FDS: '2', LISTEN_PID: '7', LISTEN_FDNAMES: 'health:api' }, { api: 4, health: 3 }],
  ['both by order', { LISTEN_FDS: '2', LISTEN_PID: '7', LISTEN_FDNAMES: 'a.socket:a.socket' }, { api: 3, health: 4 }],
  ['without names', { LISTEN_FDS: '2', LISTEN_PID: '7' }, { api: 3, health: 4 }],
  ['the first alone', { LISTEN_FDS: '1', LISTEN_PID: '7' }, { api: 3 }],
  ['the health socket alone', { LISTEN_FDS: '1', LISTEN_PID: '7', LISTEN_FDNAMES: 'health' }, { health: 3 }],
  ['none', {}, {}],
  ['those of another process', { LISTEN_FDS: '2', LISTEN_PID: '8' }, {}],
  ['those of no process', { LISTEN_FDS: '2' }, {}],
])('sockets of systemd: %s', (_what, env, expected) => {
  expect(listeningSockets(env, 7)).toEqual(expected);
});

test.each(['3', '-1', '1.5', 'x'])('%j sockets are refused', (LISTEN_FDS) => {
  expect(problemOf(() => listeningSockets({ LISTEN_FDS, LISTEN_PID: '7' }, 7)).id).toBe('agent-sockets-unexpected');
});

test("the variables of systemd's protocols and of the loader are taken, so that no program of the agent inherits them", () => {
  const env = {
    PATH: '/bin',
    LISTEN_FDS: '2',
    NOTIFY_SOCKET: '/run/n',
    WATCHDOG_USEC: '1',
    CREDENTIALS_DIRECTORY: '/c',
    LD_LIBRARY_PATH: '/l',
  };
  expect(takeAgentEnvironment(env)).toMatchObject({
    LISTEN_FDS: '2',
    NOTIFY_SOCKET: '/run/n',
    CREDENTIALS_DIRECTORY: '/c',
  });
  expect(env).toEqual({ PATH: '/bin', CREDENTIALS_DIRECTORY: '/c' });
});

test('an empty variable, as the unit passes one that systemd did not set, counts as absent', () => {
  const taken = takeAgentEnvironment({ LISTEN_FDS: '', WATCHDOG_PID: '', CREDENTIALS_DIRECTORY: '' });
  expect(Object.values(taken).filter((value) => value !== undefined)).toEqual([]);
});
