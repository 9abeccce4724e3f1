import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { HostNotices, metadataServer } from '../../../src/agent/notices/host-notices.ts';
import { until } from '../../host/contract.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PAUSES = { least: 5, most: 20 };

/** A metadata server as Compute Engine has it: it holds a request until the value differs from the tag. */
async function aMetadataServer() {
  const values = new Map([
    ['preempted', 'FALSE'],
    ['maintenance-event', 'NONE'],
  ]);
  const tags = new Map<string, number>();
  const held = new Map<string, ServerResponse[]>();
  const asked: IncomingMessage[] = [];
  let flavor = 'Google';
  const answer = (key: string, response: ServerResponse): void => {
    response
      .setHeader('metadata-flavor', flavor)
      .setHeader('etag', (tags.get(key) ?? 0).toString(16))
      .end(values.get(key));
  };
  const server = createServer((request, response) => {
    asked.push(request);
    const url = new URL(request.url ?? '', 'http://x');
    const key = url.pathname.replace('/computeMetadata/v1/instance/', '');
    if (request.headers['metadata-flavor'] !== 'Google' || !values.has(key)) response.writeHead(403).end();
    else if (url.searchParams.get('last_etag') !== (tags.get(key) ?? 0).toString(16)) answer(key, response);
    else held.set(key, [...(held.get(key) ?? []), response]);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    asked,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    isHolding: () => ['preempted', 'maintenance-event'].every((key) => (held.get(key) ?? []).length > 0),
    speaksAs: (name: string) => (flavor = name),
    set: (key: string, value: string): void => {
      values.set(key, value);
      tags.set(key, (tags.get(key) ?? 0) + 1);
      for (const response of held.get(key) ?? []) answer(key, response);
      held.delete(key);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function following(server: string) {
  const [drains, log, controller] = [[] as string[], [] as string[], new AbortController()];
  const services = ['db', 'web'];
  const notices = new HostNotices({
    drains: {
      begin: (name, cause, reason) => drains.push(`${name} out for ${cause}: ${reason}`) > 0,
      end: (name, cause) => drains.push(`${name} back from ${cause}`) > 0,
    },
    services: () => services,
    log: (event, fields) => void log.push(`${event} ${JSON.stringify(fields)}`),
    ...{ signal: controller.signal, pauses: PAUSES },
  });
  const ended = notices.follow(server);
  return {
    ...{ drains, log, services },
    [Symbol.asyncDispose]: async () => {
      controller.abort();
      await ended;
    },
  };
}

test('a preempted machine drains all services at once, and those that come later', async () => {
  await using server = await aMetadataServer();
  await using agent = following(server.origin);
  await until(() => Promise.resolve(server.isHolding()));
  expect([agent.drains, agent.log]).toEqual([[], []]);
  server.set('preempted', 'TRUE');
  await until(() => Promise.resolve(agent.drains.length >= 2));
  expect(agent.drains).toEqual([
    'db out for host: Compute Engine preempts the machine',
    'web out for host: Compute Engine preempts the machine',
  ]);
  agent.services.push('late');
  server.set('maintenance-event', 'NONE');
  await until(() => Promise.resolve(agent.drains.length >= 3));
  expect(agent.drains[2]).toContain('late out');
});

test('services return after a maintenance that did not stop the machine; a live migration changes nothing', async () => {
  await using server = await aMetadataServer();
  await using agent = following(server.origin);
  await until(() => Promise.resolve(server.isHolding()));
  server.set('maintenance-event', 'MIGRATE_ON_HOST_MAINTENANCE');
  await until(() => Promise.resolve(agent.log.some((line) => line.includes('MIGRATE'))));
  expect(agent.drains).toEqual([]);
  server.set('maintenance-event', 'TERMINATE_ON_HOST_MAINTENANCE');
  await until(() => Promise.resolve(agent.drains.length >= 2));
  server.set('maintenance-event', 'NONE');
  await until(() => Promise.resolve(agent.drains.length >= 4));
  expect(agent.drains.slice(2)).toEqual(['db back from host', 'web back from host']);
});

test('a request without a change is held, and not repeated meanwhile', async () => {
  await using server = await aMetadataServer();
  await using agent = following(server.origin);
  await until(() => Promise.resolve(server.isHolding()));
  const asked = server.asked.length;
  server.set('preempted', 'FALSE');
  await until(() => Promise.resolve(server.asked.length > asked && server.isHolding()));
  expect(server.asked.length).toBe(asked + 1);
  expect(server.asked.at(-1)?.url).toContain('wait_for_change=true&timeout_sec=60&last_etag=1');
  expect(agent.drains).toEqual([]);
});

test('another server on that address is not believed, and said once', async () => {
  await using server = await aMetadataServer();
  server.speaksAs('Nobody');
  server.set('preempted', 'TRUE');
  await using agent = following(server.origin);
  await until(() => Promise.resolve(server.asked.length > 6));
  expect(agent.drains).toEqual([]);
  expect(agent.log.filter((line) => line.includes('"preempted"'))).toHaveLength(1);
  server.speaksAs('Google');
  await until(() => Promise.resolve(agent.drains.length >= 2));
});

test('only a machine of Compute Engine asks by itself; the settings say otherwise', async () => {
  const product = join(temporaryFolder(), 'product_name');
  expect(await metadataServer(undefined, product)).toBeUndefined();
  writeFileSync(product, 'Google Compute Engine\n');
  expect(await metadataServer(undefined, product)).toBe('http://169.254.169.254');
  expect(await metadataServer('none', product)).toBeUndefined();
  expect(await metadataServer('http://127.0.0.1:1', product)).toBe('http://127.0.0.1:1');
});
