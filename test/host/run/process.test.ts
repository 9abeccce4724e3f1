import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { startProxy } from '../../../src/host/run/process.ts';

/** How many processes of a group still run; zombies do not count. */
function running(group: string): number {
  const lines = spawnSync('ps', ['-A', '-o', 'pgid=,stat='], { encoding: 'utf8' }).stdout.split('\n');
  return lines.map((line) => line.trim().split(/\s+/)).filter(([of, state]) => of === group && state?.[0] !== 'Z')
    .length;
}

test('a ProxyCommand is out of reach of Ctrl-C in the terminal, and ends with all its children when it is stopped', async () => {
  const listeners = () => (['SIGINT', 'SIGTERM'] as const).map((name) => process.listenerCount(name));
  const before = listeners();
  const proxy = startProxy(`sh -c 'echo $$ $(ps -o pgid= -p $$); sleep 100 & sleep 100'`);
  proxy.stream.on('error', () => undefined);
  const [words] = (await once(proxy.stream, 'data')) as [Buffer];
  const [pid = '', group = ''] = words.toString().trim().split(/\s+/);
  expect(group).toBe(pid);
  // Nothing ends it at a signal before meshx has come to its own end.
  expect(listeners()).toEqual(before);
  expect(running(group)).toBeGreaterThan(0);
  proxy.stop();
  while (running(group) > 0) await turn();
});
