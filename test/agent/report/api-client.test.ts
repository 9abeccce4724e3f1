import { ApiClient, NoAnswer } from '../../../src/agent/report/api-client.ts';
import { freePort } from '../running.ts';
import { until, World } from './world.ts';

const ASKED = { method: 'GET', path: '/api/v1/namespaces/vm' } as const;
const NEVER = new AbortController().signal;

/** Why a request of a client was not answered. */
async function failure(world: World, urls: readonly string[]): Promise<NoAnswer> {
  const servers = urls.map((server) => ({ server, ca: world.ca }));
  const client = new ApiClient({ servers, token: world.token, timeoutMs: 300 });
  try {
    const error = await client.send(ASKED, NEVER).catch((thrown: unknown) => thrown);
    if (error instanceof NoAnswer) return error;
    throw new Error(`it was answered, or failed otherwise: ${String(error)}`);
  } finally {
    client.close();
  }
}

test('a server that is late is distinguished from one that does not answer', async () => {
  await using world = await World.start();
  const closed = `https://127.0.0.1:${await freePort()}`;
  expect((await failure(world, [closed])).isLate).toBe(false);
  world.server.fail({ on: /./, answer: 'hang' });
  expect((await failure(world, [world.server.url])).isLate).toBe(true);
  expect((await failure(world, [closed, world.server.url])).isLate).toBe(true);
  world.server.faults.length = 0;
  world.server.fail({ on: /./, answer: 'reset' });
  expect((await failure(world, [world.server.url])).isLate).toBe(false);
});

test('a client has two connections at most, however much it asks at once, and a watch leaves one', async () => {
  await using world = await World.start();
  const client = new ApiClient({ servers: [{ server: world.server.url, ca: world.ca }], token: world.token });
  try {
    const path = '/apis/networking.istio.io/v1/namespaces/vm/workloadentries?watch=1&fieldSelector=metadata.name%3Dx';
    const end = new AbortController();
    const watch = client.watch(path, () => undefined, end.signal).catch(() => undefined);
    await until('the watch', () => world.server.watches === 1);
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.send(ASKED, NEVER)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(world.server.connections).toBe(2);
    end.abort();
    await watch;
  } finally {
    client.close();
  }
});
