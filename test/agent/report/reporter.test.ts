import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { formatHolder } from '../../../src/agent/report/fence.ts';
import { selfSigned } from '../../support/cluster-objects.ts';
import { ADDRESS, anEntry, aToken, health, HOLDER, OTHER_BOOT } from './support.ts';
import { ENTRY, IDENTITY, until, World } from './world.ts';

const READY = [health('mysqldb', 'ready'), health('web', 'ready')];
const WEB_DOWN = [health('mysqldb', 'ready'), health('web', 'down', 'connection refused')];
const PATCH = /^PATCH .*workloadentries/;

test('a change is in the cluster at once, with its reason, its agent and an event', async () => {
  await using world = await World.start();
  const reporter = world.reporter();
  reporter.report(READY);
  await until('the first state', () => world.annotation('web') !== undefined);
  const began = performance.now();
  reporter.report(WEB_DOWN);
  await until('the port to go', () => !world.ports.includes('http-8080'));
  // The next poll is after 15 s.
  expect(performance.now() - began).toBeLessThan(5000);
  expect(world.ports).toEqual(['mysql-3306']);
  expect(JSON.parse(world.annotation('web') ?? '')).toMatchObject({ state: 'down', reason: 'connection refused' });
  expect(JSON.parse(world.annotation('holder') ?? '')).toMatchObject({ generation: 3, boot: IDENTITY.boot });
  await until('the event', () => world.server.requests.some(({ body }) => body['reason'] === 'ServiceDown'));
  expect(reporter.status).toMatchObject({ mode: 'api', server: world.server.url });
  reporter.report(READY);
  await until('the port to return', () => world.ports.includes('http-8080'));
});

test('a state that was reported already sends nothing', async () => {
  await using world = await World.start();
  const reporter = world.reporter();
  reporter.report(READY);
  await until('the watch', () => world.server.watches === 1);
  const before = world.server.requests.length;
  for (let again = 0; again < 20; again += 1) reporter.report([...READY]);
  reporter.report(WEB_DOWN);
  await until('the change', () => world.patches === 2);
  const reads = world.server.requests.slice(before).filter(({ method }) => method === 'GET');
  expect(reads.length).toBeLessThanOrEqual(2);
  await until('the event', () => world.server.requests.some(({ body }) => body['reason'] === 'ServiceDown'));
  // A service that is ready from the start is no news.
  expect(world.server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

test('what others change in the entry is put right, and what is theirs stays', async () => {
  await using world = await World.start();
  world.reporter().report(WEB_DOWN);
  await until('the watch', () => world.server.watches === 1 && world.annotation('web') !== undefined);
  const spoiled = anEntry({ annotations: { other: 'kept' } });
  world.server.put(spoiled);
  await until('the port to go again', () => !world.ports.includes('http-8080'));
  expect(world.annotation('web')).toBeDefined();
  expect(world.entry?.metadata.annotations).toMatchObject({ other: 'kept' });
});

test('an entry that is deleted and made again gets its state back', async () => {
  await using world = await World.start();
  const reporter = world.reporter();
  reporter.report(WEB_DOWN);
  await until('the watch', () => world.server.watches === 1 && !world.ports.includes('http-8080'));
  world.server.remove('WorkloadEntry', 'vm', ENTRY);
  await until('the reporter to see it', () => (reporter.status.reason ?? '').includes('does not exist'));
  expect(reporter.status.mode).toBe('api');
  world.server.put(anEntry());
  await until('the port to go again', () => world.entry !== undefined && !world.ports.includes('http-8080'));
  await until('the reason to go', () => reporter.status.reason === undefined);
});

test('the sidecar is asked to register again only after the entry was missing for long', async () => {
  await using world = await World.start({}, []);
  world.reporter().report(READY);
  await until('two reads', () => world.server.requests.filter(({ path }) => path.includes(ENTRY)).length > 1, 8000);
  expect(world.reconnects).toBe(0);
  await until('the request', () => world.reconnects === 1, 12_000);
}, 25_000);

test('the sidecar connects again when istiod keeps an entry out of rotation although the health endpoint answers', async () => {
  const annotations = { 'proxy.istio.io/health-checks-enabled': 'true' };
  const lost = { type: 'Healthy', status: 'False', message: 'lost' };
  await using world = await World.start({}, [{ ...anEntry({ annotations }), status: { conditions: [lost] } }]);
  let isHealthy = false;
  const reporter = world.reporter({ isHealthy: () => isHealthy, staleAfterMs: 300 });
  reporter.report(READY);
  await until('the first report', () => reporter.status.mode === 'api');
  expect(world.reconnects).toBe(0);
  isHealthy = true;
  await until('the request', () => world.reconnects === 1, 12_000);
  expect(reporter.status).toMatchObject({ mode: 'api', reason: 'istiod keeps the entry out of rotation: lost' });
  world.server.put({ ...anEntry({ annotations }), status: { conditions: [{ ...lost, status: 'True' }] } });
  await until('the reason to go', () => reporter.status.reason === undefined);
  expect(world.reconnects).toBe(1);
}, 25_000);

test('without its group nothing is registered again', async () => {
  await using world = await World.start({}, []);
  world.server.remove('WorkloadGroup', 'vm', 'db1');
  const reporter = world.reporter();
  reporter.report(READY);
  await until('the reason', () => (reporter.status.reason ?? '').includes('WorkloadGroup db1 no longer exists'));
});

test.each([
  ['breaks the connection', 'reset'],
  ['does not answer in time', 'hang'],
  ['answers with a page', 'html'],
  ['is overloaded', 503],
  ['redirects', 302],
] as const)(
  'a server that %s four times gets the change afterwards',
  async (_which, answer) => {
    await using world = await World.start();
    await using elsewhere = await World.start();
    world.server.fail({ on: /./, answer, times: 4, headers: { location: `${elsewhere.server.url}/` } });
    const reporter = world.reporter();
    reporter.report(WEB_DOWN);
    await until('the change', () => !world.ports.includes('http-8080'), 10_000);
    await until('the mode', () => reporter.status.mode === 'api' && reporter.status.reason === undefined);
    expect(elsewhere.server.requests).toEqual([]);
  },
  20_000,
);

test('conflicts are answered by reading again, as many as there are', async () => {
  await using world = await World.start();
  world.server.fail({ on: PATCH, answer: 409, times: 8 });
  world.reporter().report(WEB_DOWN);
  await until('the change', () => !world.ports.includes('http-8080'), 10_000);
  const methods = world.server.requests.filter(({ path, query }) => path.includes(ENTRY) && !query['watch']);
  expect(methods.slice(0, 18).map(({ method }) => method)).toEqual(
    Array.from({ length: 9 }, () => ['GET', 'PATCH']).flat(),
  );
}, 20_000);

test('an entry that changed after it was read is not overwritten', async () => {
  await using world = await World.start();
  world.server.fail({ on: PATCH, answer: 'late', times: 1 });
  world.reporter().report(WEB_DOWN);
  await until('the first attempt', () => world.patches === 1);
  world.server.put(anEntry({ annotations: { other: 'newer' } }));
  await until('the change', () => !world.ports.includes('http-8080'));
  expect(world.patches).toBeGreaterThan(1);
  expect(world.entry?.metadata.annotations).toMatchObject({ other: 'newer' });
});

test('Retry-After is respected', async () => {
  await using world = await World.start();
  world.server.fail({ on: /^GET/, answer: 429, times: 1, headers: { 'retry-after': '1' } });
  const began = performance.now();
  world.reporter().report(WEB_DOWN);
  await until('the change', () => !world.ports.includes('http-8080'));
  expect(performance.now() - began).toBeGreaterThan(950);
  expect(world.server.requests.filter(({ method }) => method === 'GET').length).toBeLessThanOrEqual(3);
});

test('a server with a certificate of another authority gets no request', async () => {
  await using world = await World.start();
  const settings = world.settings({ api: [{ server: world.server.url, ca: selfSigned('another').cert }] });
  const reporter = world.reporter({ settings });
  reporter.report(READY);
  await until('the reason', () => /certificate/.test(reporter.status.reason ?? ''));
  expect(reporter.status.mode).toBe('health-channel');
  expect(world.server.requests).toEqual([]);
});

test('of several servers the first that answers is used, and stays', async () => {
  await using world = await World.start();
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const dead = { server: `https://127.0.0.1:${port}`, ca: world.ca };
  const reporter = world.reporter({ settings: world.settings({ api: [dead, ...world.settings().api] }) });
  reporter.report(WEB_DOWN);
  await until('the change', () => !world.ports.includes('http-8080'));
  await until('the server', () => reporter.status.server === world.server.url);
});

test('a server that is silent from the start holds up the next one for two seconds only', async () => {
  await using world = await World.start();
  await using silent = await World.start();
  silent.server.fail({ on: /./, answer: 'hang' });
  const api = [{ server: silent.server.url, ca: silent.ca }, ...world.settings().api];
  const began = performance.now();
  world.reporter({ settings: world.settings({ api }), limits: { timeoutMs: 20_000 } }).report(WEB_DOWN);
  await until('the change', () => !world.ports.includes('http-8080'));
  expect(performance.now() - began).toBeGreaterThan(1900);
  expect(silent.server.requests).toHaveLength(1);
});

test('an expired token leaves the health channel, and a new one in the file ends that', async () => {
  const renewed = aToken(new Date(), 3600, 'new');
  await using world = await World.start({ token: renewed });
  await world.token.write(aToken(new Date(), 3600, 'expired'));
  const reporter = world.reporter();
  reporter.report(WEB_DOWN);
  await until('the reason', () => reporter.status.reason === 'Unauthorized');
  expect(reporter.status.mode).toBe('health-channel');
  await world.token.write(renewed);
  await until('the change', () => !world.ports.includes('http-8080'), 10_000);
  await until('the mode', () => reporter.status.mode === 'api');
}, 20_000);

test.each(['get', 'patch'])(
  'an agent that may not %s its entry says so and leaves the health channel',
  async (verb) => {
    await using world = await World.start({ denied: [`${verb} workloadentries`] });
    const reporter = world.reporter();
    reporter.report(READY);
    await until('the reason', () => (reporter.status.reason ?? '').includes('forbidden'));
    expect(reporter.status).toMatchObject({ mode: 'health-channel', isRefused: true });
    world.server.fail({ on: /./, answer: 'reset' });
    reporter.recheck();
    await until('the outage', () => !(reporter.status.reason ?? 'forbidden').includes('forbidden'));
    expect(reporter.status).toMatchObject({ mode: 'health-channel', isRefused: true });
  },
);

test('a short outage changes no mode, and its last state is written when it ends', async () => {
  await using world = await World.start();
  const reporter = world.reporter();
  reporter.report(READY);
  await until('the first report', () => reporter.status.mode === 'api');
  world.server.fail({ on: /./, answer: 'reset' });
  world.server.drop();
  reporter.report(WEB_DOWN);
  reporter.report([health('mysqldb', 'down'), health('web', 'ready')]);
  await until('a failure', () => reporter.status.reason !== undefined);
  expect(reporter.status.mode).toBe('api');
  world.server.faults.length = 0;
  await until('the last state', () => !world.ports.includes('mysql-3306'), 12_000);
  expect(world.ports).toEqual(['http-8080', 'admin-9000']);
}, 20_000);

test('an outage in which a change cannot be written leaves the health channel after ten seconds', async () => {
  await using world = await World.start();
  const reporter = world.reporter();
  reporter.report(READY);
  await until('the first report', () => reporter.status.mode === 'api');
  world.server.fail({ on: /./, answer: 'reset' });
  const began = performance.now();
  reporter.report(WEB_DOWN);
  await until('the mode', () => reporter.status.mode === 'health-channel', 25_000);
  expect(performance.now() - began).toBeGreaterThan(9000);
}, 40_000);

test.each([
  ['of a greater generation', { generation: 4 }],
  ['that started later in another boot', { boot: OTHER_BOOT, started: '2099-01-01T00:00:00.000Z' }],
])('an agent %s fences this one, which writes nothing', async (_which, more) => {
  const annotations = { 'agent.meshx.dev/holder': formatHolder({ ...HOLDER, ...more }) };
  await using world = await World.start({}, [anEntry({ annotations })]);
  const reporter = world.reporter();
  reporter.report(WEB_DOWN);
  await until('the mode', () => reporter.status.mode === 'fenced');
  expect(world.server.mutations).toEqual([]);
  world.server.put(anEntry());
  await until('the change after the fence is gone', () => !world.ports.includes('http-8080'));
});

test.each([
  ['whose machine id differs', { machine: 'b'.repeat(64) }],
  ['without the address of the entry', { addresses: ['10.150.0.99'] }],
])('a copy of the machine %s writes nothing', async (_which, more) => {
  await using world = await World.start();
  const reporter = world.reporter({ identity: () => ({ ...IDENTITY, ...more }) });
  reporter.report(WEB_DOWN);
  await until('the mode', () => reporter.status.mode === 'fenced');
  expect(world.server.mutations).toEqual([]);
});

test('a machine that loses its address takes its ports out of its own entry, says so, and puts them back with the address', async () => {
  await using world = await World.start();
  let addresses = [ADDRESS];
  const reporter = world.reporter({ identity: () => ({ ...IDENTITY, addresses }) });
  reporter.report(READY);
  await until('the first report', () => world.annotation('web') !== undefined);
  addresses = ['10.150.0.99'];
  reporter.recheck();
  await until('the ports to be gone', () => world.ports.length === 0);
  // The agent gets the answer after the server has changed the entry.
  await until('the fence', () => reporter.status.mode === 'fenced');
  expect(reporter.status).toMatchObject({ reason: expect.stringContaining(ADDRESS) });
  expect(world.annotation('web')).toContain('"state":"down"');
  const { patches } = world;
  reporter.recheck();
  reporter.report(WEB_DOWN);
  await until('an event', () => world.server.mutations.some((line) => JSON.stringify(line).includes('events')));
  addresses = [ADDRESS];
  reporter.recheck();
  await until('the port of the service that is ready', () => world.ports.includes('mysql-3306'));
  expect(world.patches).toBe(patches + 1);
  expect(world.ports).not.toContain('http-8080');
});

test('of two agents on one entry one ends fenced, and the entry says what the other says', async () => {
  await using world = await World.start();
  const older = world.reporter();
  older.report(READY);
  await until('the older one', () => world.annotation('web') !== undefined);
  const newer = world.reporter({ identity: () => ({ ...IDENTITY, boot: OTHER_BOOT }) });
  newer.report(WEB_DOWN);
  await until('the older one to be fenced', () => older.status.mode === 'fenced');
  await until('the newer one to write', () => !world.ports.includes('http-8080'));
  expect(newer.status.mode).toBe('api');
});

test('the token is renewed at half of its life, for the same audience, into a file of mode 0600', async () => {
  const issued = new Date(Date.now() - 400_000);
  const renewed = aToken(new Date(), 600, 'renewed');
  await using world = await World.start({ token: aToken(issued, 600), issues: () => renewed });
  const reporter = world.reporter();
  reporter.report(READY);
  await until('the new token', () => world.lines.some((line) => line.startsWith('token-renewed')));
  expect(await world.token.read()).toBe(renewed);
  const asked = world.server.requests.find(({ path }) => path.endsWith('/serviceaccounts/db1/token'));
  expect(asked?.body['spec']).toEqual({ audiences: ['api'], expirationSeconds: 600 });
  reporter.report(WEB_DOWN);
  await until('a change with it', () => !world.ports.includes('http-8080'));
  expect(reporter.status.tokenExpires?.getTime()).toBeGreaterThan(Date.now() + 500_000);
  expect(world.lines.join()).not.toContain(renewed);
});

test('an agent that only observes writes nothing', async () => {
  await using world = await World.start();
  const reporter = world.reporter({ settings: world.settings({ observe: true }) });
  reporter.report(WEB_DOWN);
  await until('the mode', () => reporter.status.mode === 'api');
  expect(world.server.mutations).toEqual([]);
});

test('without an API server in the settings the health channel reports', async () => {
  await using world = await World.start();
  const reporter = world.reporter({ settings: world.settings({ api: [] }) });
  reporter.report(READY);
  expect(reporter.status).toMatchObject({ mode: 'health-channel', reason: 'the settings name no API server' });
});

test('closing ends every request, timer and connection, also in the middle of one', async () => {
  await using world = await World.start();
  const watching = world.reporter();
  watching.report(READY);
  await until('the watch', () => world.server.watches === 1);
  world.server.fail({ on: PATCH, answer: 'hang' });
  watching.report(WEB_DOWN);
  await until('the request', () => world.patches === 2);
  await world.close(watching);
  await until('the connections to end', () => world.server.watches === 0);
  const { length } = world.server.requests;
  watching.report(READY);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(world.server.requests).toHaveLength(length);
});

test('the signal of the agent ends it as well', async () => {
  await using world = await World.start();
  const end = new AbortController();
  const reporter = world.reporter({ signal: end.signal });
  reporter.report(READY);
  await until('the watch', () => world.server.watches === 1);
  end.abort();
  await until('the end of the watch', () => world.server.watches === 0);
  await world.close(reporter);
});

test('what is said in an outage becomes one event on the entry when it ends: the last text', async () => {
  await using world = await World.start();
  const reporter = world.reporter();
  const said = (): readonly unknown[] => world.server.requests.flatMap(({ body }) => (body['note'] ? [body] : []));
  reporter.say({ reason: 'IdentityEnds', type: 'Warning', note: 'before the entry was read' });
  reporter.report(READY);
  await until('the first event', () => said().length === 1);
  world.server.fail({ on: /events/, answer: 'reset', times: 2 });
  reporter.say({ reason: 'IdentityEnds', type: 'Warning', note: 'ends' });
  await until('the failure', () => world.lines.some((line) => line.startsWith('event-failed')));
  const before = said().length;
  reporter.say({ reason: 'IdentityLost', type: 'Warning', note: 'lost' });
  reporter.report(WEB_DOWN);
  await until('both events', () => said().length === before + 2);
  expect(said().slice(before)).toContainEqual(
    expect.objectContaining({ reason: 'IdentityLost', regarding: expect.objectContaining({ name: ENTRY }) }),
  );
  expect(said().slice(before)).not.toContainEqual(expect.objectContaining({ note: 'ends' }));
});
