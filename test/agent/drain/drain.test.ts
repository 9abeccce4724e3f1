import { awaitDrain, type DrainAccess } from '../../../src/agent/drain/drain.ts';
import { parseServiceFile } from '../../../src/agent/services/service-file.ts';

const { signal } = new AbortController();
const SERVICE = parseServiceFile('mysqldb.yaml', 'name: mysqldb\nports: {mysql: 3306}\ndrain: {limit: 30s}\n');

/** A world whose clock moves only while a drain pauses. `when` changes it at its times. */
function world(at: {
  readonly reported?: number | undefined;
  readonly dropped?: number | undefined;
  readonly closed?: number | undefined;
  readonly blind?: boolean;
}): DrainAccess {
  let ms = 0;
  const after = (time: number | undefined): boolean => time !== undefined && ms >= time;
  return {
    isReported: () => ('reported' in at ? after(at.reported) : undefined),
    isEndpoint: () => Promise.resolve(at.blind ? undefined : !after(at.dropped)),
    open: () => Promise.resolve(after(at.closed) ? 0 : 3),
    ms: () => ms,
    pause: (for_) => {
      ms += for_;
      return Promise.resolve();
    },
  };
}

describe('a drain', () => {
  test('waits until the cluster has the state, istiod has dropped the endpoint, and connections have ended', async () => {
    const outcome = await awaitDrain(SERVICE, world({ reported: 200, dropped: 500, closed: 4000 }), signal);
    expect(outcome).toEqual({ dropped: 'seen', left: 0, took: 4000 });
  });

  test('leaves connections that outlast the limit, and says how many', async () => {
    const outcome = await awaitDrain(SERVICE, world({ reported: 0, dropped: 0, closed: undefined }), signal);
    expect(outcome).toMatchObject({ left: 3 });
    expect(outcome.took).toBeGreaterThanOrEqual(30_000);
    expect(outcome.took).toBeLessThan(33_000);
  });

  test('gives istiod two seconds when the sidecar never shows the endpoint', async () => {
    const outcome = await awaitDrain(SERVICE, world({ reported: 0, blind: true, closed: 0 }), signal);
    expect(outcome).toEqual({ dropped: 'assumed', left: 0, took: 2000 });
  });

  test('waits at most ten seconds for an endpoint that stays', async () => {
    const outcome = await awaitDrain(SERVICE, world({ reported: 0, closed: 0 }), signal);
    expect(outcome).toEqual({ dropped: 'assumed', left: 0, took: 10_000 });
  });

  test('says that clients may still come when the cluster cannot be reached', async () => {
    expect(await awaitDrain(SERVICE, world({ reported: undefined, closed: 0 }), signal)).toEqual({
      dropped: 'unreported',
      left: 0,
      took: 10_000,
    });
  });

  test('sees the health channel work where there is no API server', async () => {
    expect(await awaitDrain(SERVICE, world({ dropped: 6000, closed: 0 }), signal)).toMatchObject({ dropped: 'seen' });
    expect(await awaitDrain(SERVICE, world({ closed: 0, blind: true }), signal)).toMatchObject({
      dropped: 'unreported',
      took: 0,
    });
  });
});
