import type { ReporterStatus } from '../../../src/agent/report/reporter-status.ts';
import { parseServiceFile } from '../../../src/agent/services/service-file.ts';
import { ChannelWatch } from '../../../src/agent/sidecar/channel-watch.ts';

const ADDRESS = '10.150.0.5';
const MYSQL = parseServiceFile('mysqldb.yaml', 'name: mysqldb\nports: {mysql: 3306}\n');
const WEB = parseServiceFile('web.yaml', 'name: web\nports: {http: 8080}\n');
const cluster = (host: string, ...endpoints: readonly string[]): string =>
  [`outbound|80||${host}::added_via_api::true`]
    .concat(endpoints.map((each) => `outbound|80||${host}::${each}::health_flags::healthy`))
    .join('\n');
const IN = cluster('mysqldb.vm.svc.cluster.local', '10.150.0.9:3306', `${ADDRESS}:3306`);
const OUT = cluster('mysqldb.vm.svc.cluster.local', '10.150.0.9:3306');

/** A watch in a world that a test changes; a pass is made every 15 s. */
class World {
  mode: ReporterStatus['mode'] = 'health-channel';
  isHealthy = true;
  page: string | undefined = IN;
  isConnected = true;
  asked = 0;
  readonly log: string[] = [];
  readonly reconnects: number[] = [];
  #second = 0;
  readonly #watch = new ChannelWatch(
    {
      ...{ mode: () => this.mode, isHealthy: () => this.isHealthy, definitions: () => [MYSQL, WEB] },
      clusters: () => {
        this.asked += 1;
        return Promise.resolve(this.page);
      },
      isConnected: () => Promise.resolve(this.isConnected),
      reconnect: () => void this.reconnects.push(this.#second),
      ms: () => this.#second * 1000,
      log: (event, { reason } = {}) => void this.log.push(`${event}: ${String(reason)}`),
    },
    ADDRESS,
  );

  async passes(seconds: number): Promise<void> {
    for (const end = this.#second + seconds; this.#second < end; this.#second += 15) await this.#watch.pass();
  }
}

async function anEndpoint(): Promise<World> {
  const world = new World();
  await world.passes(15);
  return world;
}

test('an unhealthy VM that stays an endpoint is reported again by a new connection, ever more rarely, and then no longer', async () => {
  const world = await anEndpoint();
  world.isHealthy = false;
  await world.passes(3600);
  expect(world.reconnects).toEqual([45, 105, 225, 465, 945]);
  expect(world.log).toEqual([
    ...Array.from({ length: 5 }, () => 'reconnect-requested: istiod keeps the VM in rotation'),
    'reconnect-given-up: istiod keeps the VM in rotation',
  ]);
});

test('a healthy VM that does not return as an endpoint is reported again', async () => {
  const world = await anEndpoint();
  [world.isHealthy, world.page] = [false, OUT];
  await world.passes(60);
  world.isHealthy = true;
  await world.passes(60);
  expect(world.reconnects).toHaveLength(1);
  expect(world.log).toEqual(['reconnect-requested: istiod keeps the VM out of rotation']);
  world.page = IN;
  await world.passes(600);
  expect(world.reconnects).toHaveLength(1);
});

test('a change that arrives in time needs no new connection, and Envoy is not asked before the next one', async () => {
  const world = await anEndpoint();
  await world.passes(300);
  expect(world.asked).toBe(1);
  world.isHealthy = false;
  await world.passes(15);
  world.page = OUT;
  await world.passes(300);
  expect(world.asked).toBe(3);
  expect(world.reconnects).toEqual([]);
});

test('a sidecar without a connection is left alone, and has its time after it has connected', async () => {
  const world = await anEndpoint();
  [world.isHealthy, world.isConnected] = [false, false];
  await world.passes(600);
  expect(world.reconnects).toEqual([]);
  world.isConnected = true;
  await world.passes(30);
  expect(world.reconnects).toEqual([]);
  await world.passes(30);
  expect(world.reconnects).toHaveLength(1);
});

test('an Envoy that does not answer shows nothing', async () => {
  const world = await anEndpoint();
  [world.isHealthy, world.page] = [false, undefined];
  await world.passes(600);
  expect(world.reconnects).toEqual([]);
});

test('where the VM never was an endpoint, a Sidecar may hide it: Envoy is asked for five minutes', async () => {
  const world = new World();
  world.page = OUT;
  await world.passes(1200);
  expect(world.asked).toBe(20);
  world.isHealthy = false;
  await world.passes(1200);
  expect(world.asked).toBe(21);
  expect(world.reconnects).toEqual([]);
});

test.each(['api', 'fenced'] as const)('in the mode %s the entry decides', async (mode) => {
  const world = await anEndpoint();
  world.mode = mode;
  [world.isHealthy, world.page] = [false, IN];
  await world.passes(600);
  expect(world.reconnects).toEqual([]);
  expect(world.asked).toBe(1);
});

test('an agent that has written to the API server will do so again after its outage', async () => {
  const world = await anEndpoint();
  world.mode = 'api';
  await world.passes(15);
  [world.mode, world.isHealthy] = ['health-channel', false];
  await world.passes(600);
  expect(world.reconnects).toEqual([]);
});
