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
/** What a Sidecar resource leaves that hides the services of the VM: names that only begin alike. */
const HIDDEN = [
  cluster('mysqldb.vm2.svc.cluster.local', '10.150.0.9:3306'),
  cluster('web.other.svc.cluster.local'),
].join('\n');

/** A watch in a world that a test changes; a pass is made every 15 s. */
class World {
  mode: ReporterStatus['mode'] = 'health-channel';
  isRefused: true | undefined;
  isHealthy = true;
  page: string | undefined = IN;
  isConnected = true;
  asked = 0;
  readonly log: string[] = [];
  readonly reconnects: number[] = [];
  #second = 0;
  readonly #watch = new ChannelWatch(
    {
      reporter: () => ({ mode: this.mode, ...(this.isRefused && { isRefused: this.isRefused }) }),
      ...{ isHealthy: () => this.isHealthy, definitions: () => [MYSQL, WEB] },
      clusters: () => {
        this.asked += 1;
        return Promise.resolve(this.page);
      },
      isConnected: () => Promise.resolve(this.isConnected),
      reconnect: () => void this.reconnects.push(this.#second),
      ms: () => this.#second * 1000,
      log: (event, { reason } = {}) => void this.log.push(`${event}: ${String(reason)}`),
    },
    { address: ADDRESS, namespace: 'vm' },
  );

  get blindBecause(): string | undefined {
    return this.#watch.blindBecause;
  }

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

test('a healthy VM that never was an endpoint of a service that its sidecar has is reported again', async () => {
  const world = new World();
  world.page = OUT;
  await world.passes(60);
  expect(world.reconnects).toHaveLength(1);
  expect(world.blindBecause).toBeUndefined();
});

test('where a Sidecar resource hides the services of the VM, the agent says that it sees nothing, and asks Envoy once a change', async () => {
  const world = new World();
  world.page = HIDDEN;
  await world.passes(1200);
  expect(world.asked).toBe(20);
  expect(world.blindBecause).toMatch(/a Sidecar resource hides them/);
  world.isHealthy = false;
  await world.passes(1200);
  expect(world.asked).toBe(21);
  expect(world.log).toEqual([`channel-unwatched: ${world.blindBecause}`]);
  [world.isHealthy, world.page] = [true, IN];
  await world.passes(15);
  expect(world.blindBecause).toBeUndefined();
  [world.isHealthy, world.page] = [false, IN];
  await world.passes(60);
  expect(world.reconnects).toHaveLength(1);
});

test('a sidecar that has its configuration late is not blind', async () => {
  const world = new World();
  world.page = '';
  await world.passes(120);
  world.page = IN;
  await world.passes(15);
  expect([world.blindBecause, world.log, world.reconnects]).toEqual([undefined, [], []]);
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

test('an agent that has written to the API server and lost its rights is watched, until it may write again', async () => {
  const world = await anEndpoint();
  world.mode = 'api';
  await world.passes(15);
  [world.mode, world.isRefused, world.isHealthy] = ['health-channel', true, false];
  await world.passes(60);
  expect(world.reconnects).toHaveLength(1);
  [world.mode, world.isRefused] = ['api', undefined];
  await world.passes(600);
  world.mode = 'health-channel';
  await world.passes(600);
  expect(world.reconnects).toHaveLength(1);
});
