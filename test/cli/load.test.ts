import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCli } from '../support/run-cli.ts';
import { summaryOf } from '../../src/operations/load/summary.ts';

let server: Server;
let mostAtOnce = 0;
let seen: string[] = [];
beforeAll(async () => {
  let open = 0;
  server = createServer((request, response) => {
    open += 1;
    mostAtOnce = Math.max(mostAtOnce, open);
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      seen.push(`${request.method} ${request.url} ${request.headers['x-a'] ?? ''} ${body}`);
      if (request.url === '/hang') return;
      setTimeout(() => {
        open -= 1;
        response.writeHead(request.url === '/broken' ? 503 : 200).end('ok');
      }, 5);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  mostAtOnce = 0;
  seen = [];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

interface Run {
  readonly ended: number;
  readonly rate: number;
  readonly achieved: number;
  readonly seconds: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly failures: Readonly<Record<string, number>>;
}
const runsOf = (stdout: string): readonly Run[] => (JSON.parse(stdout) as { runs: readonly Run[] }).runs;

test('requests are sent at each rate, with at most as many at a time as are allowed', async () => {
  const { exitCode, stdout } = await runCli(['load', '-n', '20', '-c', '3', '--rps', '20,40', '-o', 'json', url('/a')]);
  expect(exitCode).toBe(0);
  const runs = runsOf(stdout);
  expect(runs.map(({ ended, rate, statuses }) => ({ ended, rate, statuses }))).toEqual([
    { ended: 20, rate: 20, statuses: { 200: 20 } },
    { ended: 20, rate: 40, statuses: { 200: 20 } },
  ]);
  // The last of 20 requests at 20 per second is due after 0.95 s: no run is quicker.
  expect(runs[0]?.seconds).toBeGreaterThanOrEqual(0.95);
  expect(runs[1]?.seconds).toBeGreaterThanOrEqual(0.47);
  expect(mostAtOnce).toBeLessThanOrEqual(3);
  expect(seen).toHaveLength(40);
});

test('the text says rate, statuses and times', async () => {
  const { stdout } = await runCli(['load', '--requests', '5', url('/broken')]);
  expect(stdout).toMatch(
    /^5 of 5 requests in [\d.]+ s: [\d.]+\/s, 10 bytes\n {2}statuses {2}503: 5\n {2}latency {3}min [\d.]+ ms, p50 /,
  );
});

test('method, headers and body are sent', async () => {
  await runCli(['load', '-n', '1', '-X', 'PUT', '-d', '{"key":1}', '-H', 'X-A: b, c', url('/storage')]);
  expect(seen).toEqual(['PUT /storage b, c {"key":1}']);
});

test('requests without an answer are counted by reason, and a load without any answer fails', async () => {
  const none = await runCli(['load', '-n', '3', '-o', 'json', 'http://127.0.0.1:1/']);
  expect(none.exitCode).toBe(4);
  expect(runsOf(none.stdout)[0]?.failures).toEqual({ ECONNREFUSED: 3 });
  const late = await runCli(['load', '-n', '1', '--request-timeout', '1', '-o', 'json', url('/hang')]);
  expect(runsOf(late.stdout)[0]?.failures).toEqual({ timeout: 1 });
});

test('Ctrl-C ends it with the numbers so far', async () => {
  const stop = new AbortController();
  const timer = setInterval(() => seen.length > 2 && stop.abort('SIGINT'), 10);
  const { stdout } = await runCli(['load', '-n', '1000', '--rps', '50', url('/a')], { signal: stop.signal });
  clearInterval(timer);
  expect(stdout).toMatch(/^\d{1,2} of 1000 requests/);
});

test.each([
  [['ftp://a/'], '<url>'],
  [['http://user:secret@a/'], '<url>'],
  [['http://a/', '-n', '0'], '--requests'],
  [['http://a/', '-c', '101'], '--connections'],
  [['http://a/', '--rps', '1001'], '--rps'],
  [['http://a/', '-n', '100000', '--rps', '1'], 'longer than an hour'],
  [['http://a/', '-H', 'no header'], '--header'],
  [['http://a/', '-X', 'BREW'], '--method'],
])('%j is refused', async (words, what) => {
  const { exitCode, stderr } = await runCli(['load', ...words]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(what) });
});

test('percentiles are times that were measured, by the nearest rank', () => {
  const answers = Array.from({ length: 100 }, (_, index) => ({ status: 200, ms: index + 1, bytes: 1 }));
  const { latency, achieved } = summaryOf({ wanted: 100, answers, ms: 2000 });
  expect(latency).toEqual({ min: 1, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(achieved).toBe(50);
});
