import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/agent/clock.ts';
import { createSidecarProbe } from '../../../src/agent/probes/sidecar.ts';
import { SidecarWatch } from '../../../src/agent/sidecar/sidecar-watch.ts';
import { until } from '../../host/contract.ts';

test('a sidecar that is no longer ready is noticed once, and its return as well', async () => {
  let status = 200;
  const server = createServer((_asked, answer) => answer.writeHead(status).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const events: string[] = [];
  let turns = 0;
  const watch = new SidecarWatch({
    ...{ clock: systemClock, probe: createSidecarProbe(1000, port), intervalMs: 20 },
    log: (event, fields) => void events.push(`${event} ${fields?.['to']}`),
    onTurn: () => (turns += 1),
  });
  try {
    const reaches = (state: string) => until(() => Promise.resolve(watch.health.state === state));
    await reaches('ready');
    status = 503;
    await reaches('down');
    expect(watch.health.reason).toContain('503');
    status = 200;
    await reaches('ready');
    expect(events).toEqual(['sidecar-state ready', 'sidecar-state down', 'sidecar-state ready']);
    expect(turns).toBe(2);
  } finally {
    watch.close();
    server.closeAllConnections();
    server.close();
  }
});
