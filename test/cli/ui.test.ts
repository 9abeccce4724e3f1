import { createServer, get } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { statesOf } from '../../src/operations/ui/page/event-stream.ts';
import type { UiState } from '../../src/operations/ui/ui-state.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { NOW } from '../support/healthy-mesh.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { keyPair, sshServer } from '../support/ssh-server.ts';
import { uiMesh } from '../support/ui-mesh.ts';

let api: FakeApiServer;
const stop = new AbortController();
let [url, token] = [new URL('http://127.0.0.1'), ''];
let ended: Promise<{ readonly exitCode: number; readonly stderr: string }>;

beforeAll(async () => {
  api = await FakeApiServer.start({ objects: uiMesh() });
  const words = ['ui', '--interval', '1', '--kubeconfig', api.kubeconfig()];
  const opened = new Promise<string>((resolve) => {
    ended = runCli(words, { signal: stop.signal, now: () => NOW, onOut: (text) => resolve(text.trim()) });
  });
  url = new URL(await opened);
  token = new URLSearchParams(url.hash.slice(1)).get('token') ?? '';
});
afterAll(async () => {
  stop.abort();
  expect((await ended).exitCode).toBe(0);
  await api[Symbol.asyncDispose]();
});

/** The status of a request with these headers; fetch would not send all of them. */
async function statusOf(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET') {
  return await new Promise<number | undefined>((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port: url.port, path, method, headers }, (response) => {
      resolve(response.statusCode);
      response.destroy();
    });
    request.on('error', reject).end();
  });
}

test('the address is on loopback and its token is in the fragment', () => {
  expect([url.hostname, url.pathname, url.search]).toEqual(['127.0.0.1', '/', '']);
  expect(token).toMatch(/^[\w-]{32}$/);
});

test('the state has VMs, services, checks and the end of the root, and a change follows', async () => {
  const response = await fetch(new URL('/events', url), { headers: { authorization: `Bearer ${token}` } });
  if (!response.body) throw new Error('the stream has no body');
  let isChanged = false;
  for await (const text of statesOf(response.body)) {
    const state = JSON.parse(text) as UiState;
    if (!state.checks) continue;
    const names = state.vms.map(({ name, state: word }) => `${name} ${word}`);
    if (isChanged && names[0] === 'db1 disconnected') break;
    if (isChanged) continue;
    expect(names).toEqual(['db1 ready', 'lost1 disconnected', 'new1 absent', 'orders1 degraded', 'web1 ready']);
    expect(state).toMatchObject({ cluster: 'lab', istiod: '1.30.4', meshx: '0.0.0-test' });
    expect(state.rootUntil).toMatch(/^2126-/);
    expect(state.checks.findings.map(({ id }) => id)).toContain('entry-connected');
    expect(state.vms[3]?.services.map(({ name, reason }) => [name, reason])).toContainEqual([
      'cache',
      'replication is 12 s behind',
    ]);
    const entry = api.all('WorkloadEntry').find(({ metadata }) => metadata.name.startsWith('db1'));
    if (!entry) throw new Error('there is no entry of db1');
    const annotations = { ...entry.metadata.annotations, 'istio.io/disconnectedAt': '2026-11-30T11:59:00Z' };
    api.put({ ...entry, metadata: { ...entry.metadata, annotations } });
    isChanged = true;
  }
  expect(isChanged).toBe(true);
}, 30_000);

const REQUESTS: readonly (readonly [string, string, Readonly<Record<string, string>>, string, number])[] = [
  ['the page without a token', '/', {}, 'GET', 200],
  ['its script', '/page.js', {}, 'HEAD', 200],
  ['data without a token', '/events', {}, 'GET', 401],
  ['data with another token', '/events', { authorization: 'Bearer x' }, 'GET', 401],
  ['a token in the query', '/events?token=TOKEN', {}, 'GET', 401],
  ['a name that points here', '/', { host: 'evil.example' }, 'GET', 421],
  ['the right name with another port', '/', { host: '127.0.0.1:1' }, 'GET', 421],
  ['another origin', '/', { origin: 'http://evil.example' }, 'GET', 403],
  ['an opaque origin', '/', { origin: 'null' }, 'GET', 403],
  ['a request that a page of another site makes', '/page.js', { 'sec-fetch-site': 'cross-site' }, 'GET', 403],
  ['a change', '/', {}, 'POST', 405],
  ['a file that is not of the page', '/../package.json', {}, 'GET', 404],
];

test.each(REQUESTS.map((each) => [each[0], each] as const))('%s', async (_, [, path, headers, method, status]) => {
  expect(await statusOf(path.replace('TOKEN', token), headers, method)).toBe(status);
});

test('the page may load nothing from elsewhere and be framed by no one', async () => {
  const { headers } = await fetch(new URL('/', url));
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('cache-control')).toBe('no-store');
});

test('with --deep, the ends of certificates are asked on the VMs, and a VM that does not answer says why', async () => {
  const [home, bin] = [temporaryFolder(), temporaryFolder()];
  const chain = { cert_chain: [{ expiration_time: '2026-12-01T06:00:00Z' }] };
  writeFileSync(join(bin, 'curl'), `#!/bin/sh\necho '${JSON.stringify({ certificates: [chain] })}'\n`, { mode: 0o755 });
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh/id_ed25519'), keyPair().privateKey, { mode: 0o600 });
  const ssh = await sshServer({ path: bin });
  const [here, closed] = [`HostName 127.0.0.1\n User deploy\n Port ${ssh.port}\n`, 'HostName 127.0.0.1\n Port 1\n'];
  writeFileSync(join(home, 'config'), `Host db1\n ${here}Host *1\n ${closed}`);
  const over = new AbortController();
  const options = ['--ssh-config', join(home, 'config'), '--accept-new-host-key', '--kubeconfig', api.kubeconfig()];
  let done: Promise<unknown> = Promise.resolve();
  const address = await new Promise<string>((resolve) => {
    const outlet = { signal: over.signal, home, onOut: (text: string) => resolve(text.trim()) };
    done = runCli(['ui', '--deep', 'db1', 'web1', ...options], outlet);
  });
  const bearer = new URLSearchParams(new URL(address).hash.slice(1)).get('token') ?? '';
  const response = await fetch(new URL('/events', address), { headers: { authorization: `Bearer ${bearer}` } });
  let found: UiState['vms'] = [];
  for await (const text of statesOf(response.body ?? new ReadableStream())) {
    found = (JSON.parse(text) as UiState).vms;
    if (found.some(({ certificate }) => certificate !== undefined)) break;
  }
  over.abort();
  await done;
  await ssh.close();
  expect(found.map(({ name, certificate }) => [name, certificate])).toEqual([
    ['db1', { until: '2026-12-01T06:00:00Z' }],
    ['web1', { unknown: expect.stringContaining('web1') }],
  ]);
}, 40_000);

test('nothing was written to the cluster', () => {
  expect(api.mutations).toEqual([]);
});

test('a port that is taken is a problem', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const ran = await runCli(['ui', '--listen', String(port), '--kubeconfig', api.kubeconfig()]);
  await new Promise((resolve) => other.close(resolve));
  expect([ran.exitCode, ran.stderr]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
});
