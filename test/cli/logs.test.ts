import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectGolden } from '../support/golden.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { type CliOptions, runCli } from '../support/run-cli.ts';
import { playedVm } from '../support/played-vm.ts';
import type { SshServer } from '../support/ssh-server.ts';

const { home, program, serve } = playedVm();
const log = join(home, 'vm/var/log/istio/istio.log');
const ID = '737823b8-ff76-4902-b7d0-80bac528fff5';

const http = (time: string, id: string, flags: string, where: string): string =>
  `[2026-11-30T19:06:${time}Z] "GET /api HTTP/1.1" ${flags} "-" 0 2 3 - "-" "curl/7.88.1" "${id}" "web.views.svc.cluster.local:8080" ${where} - default`;
const INBOUND =
  '"10.150.0.62:8080" inbound|8080|| 127.0.0.6:39823 10.150.0.62:8080 10.150.0.21:48590 outbound_.8080_._.web';
const OUTBOUND =
  '"10.150.0.62:8080" outbound|8080||web.views.svc.cluster.local 10.150.0.21:48590 10.63.248.110:8080 10.150.0.21:41000 -';
const OK = '200 - via_upstream -';
const TCP =
  '[2026-11-30T19:06:03.000Z] "- - -" 0 UF,URX - - "delayed_connect_error:_No_route_to_host" 0 0 3070 - "-" "-" "-" "-" "10.150.0.99:9999" PassthroughCluster - 10.150.0.99:9999 10.150.0.62:57822 - - -';

const VM_LINES = [
  '2026-11-30T19:06:00.000000Z\tinfo\tEnvoy proxy is ready',
  http('54.281', ID, OK, INBOUND),
  http(
    '55.000',
    '899409da-74ff-4500-91b3-9f032f985471',
    '503 UH no_healthy_upstream -',
    '"-" outbound|8080||client.views.svc - 10.63.253.242:8080 10.150.0.62:38728 -',
  ),
  TCP,
];
const POD_LINES = [http('54.280', ID, OK, OUTBOUND), '2026-11-30T19:06:00.000000Z\tinfo\tready', '[another] format'];

let ssh: SshServer;
let api: FakeApiServer;
let options: readonly string[];

beforeAll(async () => {
  program('curl', `cat '${home}/listeners'`);
  ssh = await serve();
  api = await FakeApiServer.start();
  options = [
    ...['--user', 'deploy', '--port', String(ssh.port), '--accept-new-host-key', '--ssh-config', join(home, 'config')],
    ...['-i', join(home, '.ssh/id_ed25519'), '--kubeconfig', api.kubeconfig(), '-n', 'views'],
  ];
  api.log('views/client', ...POD_LINES);
  api.log('views/quiet', 'ready');
});
afterAll(async () => {
  await ssh.close();
  await api[Symbol.asyncDispose]();
});
beforeEach(() => {
  writeFileSync(log, `${VM_LINES.join('\n')}\n`);
  writeFileSync(join(home, 'listeners'), '{"access_log": [{"name": "envoy.access_loggers.file"}]}');
});

const logs = (words: readonly string[], more: CliOptions = {}) =>
  runCli(['logs', '127.0.0.1', ...words, ...options], { home, ...more });

test.each(['text', 'json', 'yaml'])(
  'the lines of the VM are shown with their flags explained, as %s',
  async (format) => {
    const ran = await logs(['-o', format]);
    expect(ran.exitCode).toBe(0);
    expectGolden(`cli/logs/vm.${format === 'text' ? 'txt' : format}`, ran.stdout);
  },
);

test('both sides of a request are printed together, joined by its id, and unknown formats are repeated', async () => {
  const ran = await logs(['--client', 'client']);
  expect(ran.exitCode).toBe(0);
  expectGolden('cli/logs/both-sides.txt', ran.stdout);
});

test('one request is selected on every side', async () => {
  const { stdout } = await logs(['--client', 'client.views', '--request-id', ID, '-o', 'json']);
  const { requests } = JSON.parse(stdout) as {
    requests: readonly (readonly { source: string; upstreamHost: string }[])[];
  };
  expect(requests.map((group) => group.map(({ source }) => source))).toEqual([['client.views', '127.0.0.1']]);
});

test('that access logging is off is said, instead of showing nothing', async () => {
  writeFileSync(log, '2026-11-30T19:06:00.000000Z\tinfo\tready\n');
  writeFileSync(join(home, 'listeners'), '{"configs": []}');
  const ran = await logs(['--client', 'quiet']);
  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).toContain('127.0.0.1: access logging is off');
  expect(ran.stderr).toContain('quiet: no line of an access log');
});

test('a sidecar that does not answer is not said to have no access log', async () => {
  program('curl', 'exit 7');
  const ran = await logs([]);
  program('curl', `cat '${home}/listeners'`);
  expect(ran.exitCode).toBe(0);
  expect(ran.stderr).not.toContain('access logging is off');
});

test('new lines of both sides follow until the run is stopped, over one connection', async () => {
  const stop = new AbortController();
  const before = ssh.seen.connections;
  let [written, seen] = [0, ''];
  const wait = setInterval(() => {
    if (api.followers('views/client') === 0 || written > 0) return;
    written += 1;
    api.log('views/client', http('56.000', 'of-the-pod', OK, OUTBOUND));
    // A line arrives in two parts, and the log was cut by its rotation.
    const line = http('57.000', 'of-the-vm', OK, INBOUND);
    writeFileSync(log, line.slice(0, 40));
    setTimeout(() => appendFileSync(log, `${line.slice(40)}\n`), 700);
  }, 50);
  const out = (text: string): void => {
    seen += text;
    if (seen.includes('of-the-pod') && seen.includes('of-the-vm')) stop.abort();
  };
  const ran = await logs(['-f', '--client', 'client', '--tail', '1'], { signal: stop.signal, onOut: out });
  clearInterval(wait);
  expect(ran.exitCode).toBe(0);
  expect(ran.stdout).toMatch(/56\.000Z {2}client {2}client .* request of-the-pod/);
  expect(ran.stdout.match(/\[another\] format/g)).toHaveLength(1);
  expect(ran.stdout).toMatch(/57\.000Z {2}127\.0\.0\.1 {2}server .* request of-the-vm/);
  expect(ssh.seen.connections - before).toBe(1);
}, 30_000);

test.each([
  ['a pod that does not exist', ['--client', 'nobody'], 1, 'does not exist'],
  ['a name that is none', ['--client', 'A_B'], 2, '--client'],
  ['a number of lines that is none', ['--tail', '0'], 2, '--tail'],
])('%s is refused', async (_, words, exitCode, part) => {
  const ran = await logs(words);
  expect([ran.exitCode, ran.stderr]).toEqual([exitCode, expect.stringContaining(part)]);
});
