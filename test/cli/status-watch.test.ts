import { setTimeout as delay } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { healthyMesh, NOW } from '../support/healthy-mesh.ts';
import { runCli } from '../support/run-cli.ts';

const ENTRY = 'WorkloadEntry vm/db1-10.0.0.5';

/** Runs `status -w` beside a test, which stops it. */
function follow(server: FakeApiServer, ...words: readonly string[]) {
  const stop = new AbortController();
  let [stdout, stderr] = ['', ''];
  const running = runCli(['status', '-w', '--kubeconfig', server.kubeconfig(), ...words], {
    now: () => NOW,
    signal: stop.signal,
    onOut: (text) => (stdout += `${text}\n`),
    onErr: (text) => (stderr += `${text}\n`),
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let waited = 0; waited < 2000 && !isSo(); waited += 1) await delay(10);
    expect(isSo()).toBe(true);
  };
  const ended = async () => {
    stop.abort();
    return (await running).exitCode;
  };
  return {
    running,
    ended,
    until,
    printed: () => stdout,
    said: () => stderr,
    opened: () => until(() => server.watches === 1),
  };
}

/** The entry with an annotation of its agent. */
function entryWith(state: string, reason = '') {
  const said = JSON.stringify({ state, since: '2026-11-30T11:59:00.000Z', reason });
  const edit = {
    change: ENTRY,
    to: JSON.stringify({ metadata: { annotations: { 'agent.meshx.dev/mysqldb': said } } }),
  };
  return healthyMesh(edit).find(({ metadata }) => metadata.name === 'db1-10.0.0.5')!;
}

test('each change is a line, and Ctrl-C is a good end', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const status = follow(server);
  await status.opened();
  expect(status.printed()).toContain('2 VMs: 2 ready');
  server.put(entryWith('down', 'connection refused'));
  await status.until(() => status.printed().includes('connection refused'));
  expect(status.printed().trimEnd().split('\n').at(-1)).toBe(
    '2026-11-30T12:00:00Z vm/db1 (10.0.0.5) down, was ready: mysqldb:3306 down; mysqldb is down: connection refused',
  );
  server.put(entryWith('ready'));
  await status.until(() => status.printed().includes('db1 (10.0.0.5) ready, was down'));
  expect(await status.ended()).toBe(0);
});

test('a VM that joins or leaves is a line, read with its group and its Service', async () => {
  const [entry, ...rest] = [entryWith('ready'), ...healthyMesh({ remove: ENTRY })];
  await using server = await FakeApiServer.start({ objects: rest });
  const status = follow(server);
  await status.opened();
  expect(status.printed()).toMatch(/db1 +vm +- +absent/);
  server.put(entry);
  await status.until(() => status.printed().includes('vm/db1 (10.0.0.5) ready: mysqldb:3306'));
  server.remove('WorkloadEntry', 'vm', 'db1-10.0.0.5');
  await status.until(() => status.printed().includes('vm/db1 absent'));
  expect(await status.ended()).toBe(0);
});

test('JSON has a line for each VM and each change, YAML a document', async () => {
  for (const format of ['json', 'yaml']) {
    await using server = await FakeApiServer.start({ objects: healthyMesh() });
    const status = follow(server, '-n', 'vm', '-o', format);
    await status.opened();
    server.put(entryWith('degraded', 'read-only'));
    await status.until(() => status.printed().includes('read-only'));
    const documents = (
      format === 'json'
        ? status
            .printed()
            .trim()
            .split(/\n+/)
            .map((line) => JSON.parse(line) as unknown)
        : parseAllDocuments(status.printed()).map((document) => document.toJS() as unknown)
    ) as readonly Record<string, unknown>[];
    expect(documents.map(({ vm, state }) => `${String(vm)} ${String(state)}`)).toEqual([
      'db1 ready',
      'web1 ready',
      'db1 degraded',
    ]);
    expect(await status.ended()).toBe(0);
  }
});

test('a watch that breaks is opened again, and what changed meanwhile is a line', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const status = follow(server);
  await status.opened();
  server.drop();
  server.put(entryWith('down', 'while away'));
  await status.until(() => status.printed().includes('while away'));
  expect(await status.ended()).toBe(0);
});

test('a right that is lost on the way is said once, and the status goes on when it is back', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const status = follow(server);
  await status.opened();
  server.fail({ on: /GET .*workloadentries/, answer: 403, times: 2 });
  server.drop();
  await status.until(() => status.said().includes('Trying again until Ctrl-C'));
  server.put(entryWith('down', 'while away'));
  await status.until(() => status.printed().includes('while away'));
  expect(await status.ended()).toBe(0);
}, 30_000);

test('a folder of manifests cannot be followed', async () => {
  const folder = new URL('../golden/status/manifests', import.meta.url).pathname;
  const { exitCode, stderr } = await runCli(['status', '-w', '--manifests', folder]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('meshx explain no-watch');
});

test('an unknown VM ends the run before anything is followed', async () => {
  await using server = await FakeApiServer.start({ objects: healthyMesh() });
  const { running } = follow(server, 'db9');
  expect((await running).exitCode).toBe(1);
});
