import { type Clock, systemClock } from '../../src/agent/clock.ts';
import type { ServiceHealth } from '../../src/agent/health/health.ts';
import { Loop } from '../../src/agent/loop.ts';
import { readServicesFolder } from '../../src/agent/services/services-folder.ts';
import { until } from '../host/contract.ts';
import { listen } from './probes/server.ts';
import { agentFiles, serviceFile } from './running.ts';

/** A loop on real files and sockets, on a machine whose clock the test can move. */
async function running(files: ReturnType<typeof agentFiles>) {
  let away = 0;
  const clock: Clock = () => ({ ...systemClock(), date: new Date(Date.now() + away) });
  const events: string[] = [];
  const reports: { readonly event: number; readonly services: readonly ServiceHealth[] }[] = [];
  const loop = new Loop({
    readServices: () => readServicesFolder(files.services, process.getuid?.() ?? 0),
    reporter: { report: (services) => reports.push({ event: events.length, services }) },
    around: { clock, own: '127.0.0.1', jitter: () => 0, awaitDrained: () => Promise.resolve('') },
    clock,
    log: (event) => void events.push(event),
  });
  await loop.start();
  const logged = (event: string, times: number): Promise<void> =>
    until(() => Promise.resolve(events.filter((each) => each === event).length >= times));
  return {
    ...{ loop, events, reports, logged },
    suspend: (ms: number) => (away += ms),
    [Symbol.dispose]: () => loop.close(),
  };
}

test('after a suspended machine wakes up, nothing is reported before every service was probed again', async () => {
  const files = agentFiles();
  await using server = await listen(() => undefined);
  files.write('db', serviceFile('db', server.port));
  using agent = await running(files);
  await agent.logged('judged', 1);
  const runs = agent.loop.services[0]!.counts.probes.ok;
  agent.suspend(3_600_000);
  await agent.logged('pause-noticed', 1);
  const noticed = agent.events.lastIndexOf('pause-noticed');
  await agent.logged('judged', 2);
  const judged = agent.events.lastIndexOf('judged');
  expect(agent.loop.services[0]!.counts.probes.ok).toBeGreaterThan(runs);
  await until(() => Promise.resolve(agent.reports.some(({ event }) => event > judged)));
  expect(agent.reports.filter(({ event }) => event > noticed && event <= judged)).toEqual([]);
});

test('a service that is probed once an hour is judged at once after a start and after a pause', async () => {
  const files = agentFiles();
  await using server = await listen(() => undefined);
  files.write('rare', serviceFile('rare', server.port).replace('200ms', '1h'));
  using agent = await running(files);
  await agent.logged('judged', 1);
  agent.suspend(-3_600_000);
  await agent.logged('judged', 2);
  expect(agent.loop.services[0]!.counts.probes.ok).toBe(2);
  expect(agent.reports.at(-1)?.services).toMatchObject([{ name: 'rare', state: 'ready' }]);
});
