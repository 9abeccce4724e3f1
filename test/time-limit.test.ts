import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { withTimeLimit } from '../src/time-limit.ts';

const until = (signal: AbortSignal): Promise<string> =>
  new Promise((resolve) =>
    signal.addEventListener('abort', () => resolve((signal.reason as Error).name), { once: true }),
  );

/** Collects what nothing refers to, for as long as the test lasts. */
function collecting(): NodeJS.Timeout {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  return setInterval(collect, 20);
}

test('the limit comes although everything else was collected meanwhile', async () => {
  const timer = collecting();
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const outer = new AbortController();
    const asked = withTimeLimit(300, outer.signal, (signal) => fetch(`http://127.0.0.1:${port}/`, { signal }));
    await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    clearInterval(timer);
    server.closeAllConnections();
    server.close();
  }
});

test('the outer signal ends it with its own reason, also one that was aborted before', async () => {
  const outer = new AbortController();
  const waiting = withTimeLimit(60_000, outer.signal, until);
  outer.abort(new DOMException('stopped', 'AbortError'));
  expect(await waiting).toBe('AbortError');
  expect(await withTimeLimit(60_000, outer.signal, (signal) => Promise.resolve(signal.aborted))).toBe(true);
});
