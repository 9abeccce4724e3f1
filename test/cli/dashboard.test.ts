import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcp, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { aService } from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { type CliResult, runCli, temporaryFolder } from '../support/run-cli.ts';
import { keyPair, sshServer } from '../support/ssh-server.ts';

const NS = 'istio-system';
const pod = (name: string, labels: Readonly<Record<string, string>>, ready = true): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: NS, labels },
  spec: { containers: [{ name: 'main', ports: [{ name: 'web', containerPort: 8080 }] }] },
  status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
const addon = (name: string, app = name): readonly KubeObject[] => [
  aService(name, { selector: { app }, ports: [{ port: 80 }] }),
  pod(`${name}-1`, { app }),
];
const GATEWAY = aService('istio-ingressgateway', {
  selector: { istio: 'ingressgateway' },
  ports: [
    { name: 'https', port: 443, targetPort: 8443 },
    { name: 'http2', port: 80, targetPort: 'web' },
  ],
});

let page: Server;
const requests: string[] = [];
beforeAll(async () => {
  page = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.end(`page ${request.url}`);
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
});
afterAll(() => page.close());
const pagePort = (): number => (page.address() as AddressInfo).port;

async function freePort(): Promise<number> {
  const server = createTcp().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Ran extends CliResult {
  readonly place: string;
}

/** Runs a command that forwards; calls `meanwhile` with what it printed, and then stops it as Ctrl-C does. */
async function running(
  words: readonly string[],
  meanwhile: (place: string) => Promise<void> = () => Promise.resolve(),
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const stop = new AbortController();
  let place = '';
  let failure: unknown;
  const onOut = (text: string): void => {
    place = text.trim();
    meanwhile(place)
      .catch((error: unknown) => (failure = error))
      .finally(() => setImmediate(() => stop.abort('SIGINT')));
  };
  const ran = await runCli(words, { signal: stop.signal, onOut, env: { PATH: process.env['PATH'] ?? '', ...env } });
  if (failure !== undefined) throw failure as Error;
  return { ...ran, place };
}

async function mesh(objects: readonly KubeObject[]): Promise<FakeApiServer> {
  const api = await FakeApiServer.start({ objects });
  for (const each of ['kiali-1:20001', 'grafana-1:3000', 'istio-gw:8080', 'istiod-1:9876', 'istiod-1:15012'])
    api.podPorts.set(`${NS}/${each}`, pagePort());
  return api;
}

test('a page of an add-on is served until Ctrl-C, which is a good end; its URL has the path, on a line of its own', async () => {
  await using api = await mesh([...addon('kiali'), ...addon('prometheus')]);
  const port = await freePort();
  const words = ['dashboard', 'kiali', '--port', String(port), '--kubeconfig', api.kubeconfig()];
  const ran = await running(words, async (place) => {
    expect(place).toBe(`http://127.0.0.1:${port}/kiali`);
    expect(await (await fetch(`${place}/graph`)).text()).toBe('page /kiali/graph');
  });
  expect({ exitCode: ran.exitCode, stdout: ran.stdout }).toEqual({ exitCode: 0, stdout: `${ran.place}\n` });
  expect(ran.stderr).toContain(`note: no browser could be opened; open ${ran.place} in your browser`);
  expect(ran.stderr).not.toContain('warning');
  await expect(fetch(ran.place)).rejects.toThrow();
});

test('many requests at once each get their own answer', async () => {
  await using api = await mesh(addon('kiali'));
  const words = ['dashboard', 'kiali', '--port', String(await freePort()), '--kubeconfig', api.kubeconfig()];
  await running(words, async (place) => {
    const paths = Array.from({ length: 20 }, (_, index) => `/kiali/${index}`);
    const texts = await Promise.all(
      paths.map(async (path) => (await fetch(new URL(path, place), { headers: { connection: 'close' } })).text()),
    );
    expect(texts).toEqual(paths.map((path) => `page ${path}`));
  });
});

test('bound to all addresses it warns, and the URL has an address of this machine', async () => {
  await using api = await mesh(addon('kiali'));
  const words = ['--no-browser', '--address', '0.0.0.0', '--port', String(await freePort())];
  const ran = await running(['dashboard', 'kiali', ...words, '--kubeconfig', api.kubeconfig()]);
  expect(ran.stderr).toMatch(/^warning: bound to all addresses of this machine/m);
  expect(ran.stderr).not.toContain('browser');
  expect(new URL(ran.place).hostname).not.toBe('0.0.0.0');
});

test('the address of an interface is taken, and an unknown one names those that exist', async () => {
  await using api = await mesh(addon('kiali'));
  const words = [
    'dashboard',
    'kiali',
    '--no-browser',
    '--port',
    String(await freePort()),
    '--kubeconfig',
    api.kubeconfig(),
  ];
  const [name = 'lo'] =
    Object.entries(networkInterfaces()).find(([, all]) => all?.some(({ internal }) => internal)) ?? [];
  expect(new URL((await running([...words, '--interface', name])).place).hostname).toBe('127.0.0.1');
  const { exitCode, stderr } = await runCli([...words, '--interface', 'eth99']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(`It has: ${name}`) });
});

test('a port that is in use is a Problem when it was asked for, and replaced when it was not', async () => {
  await using api = await mesh(addon('kiali'));
  const words = ['dashboard', 'kiali', '--no-browser', '--kubeconfig', api.kubeconfig()];
  const { exitCode, stderr } = await runCli([...words, '--port', String(pagePort())]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('port-in-use') });
  const other = createTcp().listen(20001, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve).once('error', resolve));
  const ran = await running(words);
  other.close();
  expect(ran.stderr).toMatch(/note: port 20001 is in use: \d+ is taken instead/);
});

test('it waits for a ready pod, takes another pod when that has gone, and says which add-on is missing', async () => {
  const service = aService('grafana', { selector: { app: 'grafana' }, ports: [{ port: 3000 }] });
  await using api = await mesh([service, pod('grafana-1', { app: 'grafana' }, false)]);
  api.podPorts.set(`${NS}/grafana-2:3000`, pagePort());
  const words = ['dashboard', 'grafana', '--no-browser', '--port', String(await freePort())];
  const becomesReady = setTimeout(() => api.put(pod('grafana-1', { app: 'grafana' })), 300);
  const ran = await running([...words, '--kubeconfig', api.kubeconfig()], async (place) => {
    api.remove('Pod', NS, 'grafana-1');
    api.put(pod('grafana-2', { app: 'grafana' }));
    expect(await (await fetch(place)).text()).toBe('page /');
  });
  clearTimeout(becomesReady);
  expect(ran.stderr).toContain(`waiting for a ready pod of Service ${NS}/grafana`);
  expect(ran.stderr).toContain(`Service ${NS}/prometheus does not exist`);
});

test('an add-on that is not installed, or whose pods are never ready, is a Problem', async () => {
  await using api = await mesh([aService('kiali', { selector: { app: 'kiali' } })]);
  const at = ['--kubeconfig', api.kubeconfig()];
  const missing = await runCli(['dashboard', 'jaeger', ...at]);
  expect(missing.stderr).toMatch(/Service istio-system\/tracing does not exist[^]*samples\/addons\/jaeger.yaml/);
  const waiting = await runCli(['dashboard', 'kiali', '--timeout', '1', ...at]);
  expect(waiting.stderr).toMatch(/No pod of Service istio-system\/kiali became ready within 1 s[^]*forward-no-pod/);
});

test('--list shows which add-ons exist', async () => {
  await using api = await mesh([...addon('kiali'), aService('prometheus', { selector: { app: 'prometheus' } })]);
  const { exitCode, stdout } = await runCli(['dashboard', '--list', '--kubeconfig', api.kubeconfig()]);
  expect(exitCode).toBe(0);
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['NAME', 'SERVICE', 'STATE'],
    ['kiali', 'istio-system/kiali', 'ready'],
    ['grafana', 'istio-system/grafana', 'not installed'],
    ['prometheus', 'istio-system/prometheus', 'no ready pod'],
    ['jaeger', 'istio-system/tracing', 'not installed'],
    [''],
  ]);
});

test('the gateway is forwarded by the name of its port, to the port of its pods that the Service names', async () => {
  await using api = await mesh([GATEWAY, pod('istio-gw', { istio: 'ingressgateway' })]);
  const port = await freePort();
  const words = ['forward', 'gateway', '--listen', `127.0.0.1:${port}`, '--kubeconfig', api.kubeconfig()];
  const ran = await running(words, async (place) => {
    expect(await (await fetch(`${place}/productpage`)).text()).toBe('page /productpage');
  });
  expect({ exitCode: ran.exitCode, stdout: ran.stdout }).toEqual({ exitCode: 0, stdout: `http://127.0.0.1:${port}\n` });
});

test('istiod is forwarded for VMs, and its ControlZ for a browser', async () => {
  const istiod = aService('istiod', { selector: { app: 'istiod' }, ports: [{ name: 'https-dns', port: 15012 }] });
  await using api = await mesh([istiod, pod('istiod-1', { app: 'istiod' })]);
  const at = ['--kubeconfig', api.kubeconfig()];
  const port = await freePort();
  const ran = await running(['forward', 'istiod', '--listen', `127.0.0.1:${port}`, ...at]);
  expect(ran.stdout).toBe(`127.0.0.1:${port}\n`);
  expect(ran.stderr).toContain(`meshx up VM --istiod-address 127.0.0.1:${port}`);
  const words = ['dashboard', 'controlz', '--no-browser', '--port', String(await freePort()), ...at];
  await running(words, async (place) => expect(await (await fetch(place)).text()).toBe('page /'));
});

test("Envoy's admin interface of a VM is opened through its SSH connection", async () => {
  const home = temporaryFolder();
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, '.ssh/id_ed25519'), keyPair().privateKey, { mode: 0o600 });
  const config = join(home, 'config');
  writeFileSync(config, '');
  const ssh = await sshServer({ forwardTo: pagePort() });
  const words = ['--user', 'deploy', '--ssh-port', String(ssh.port), '--accept-new-host-key', '--ssh-config', config];
  const key = ['-i', join(home, '.ssh/id_ed25519'), '--known-hosts', join(home, 'known_hosts')];
  const local = ['--no-browser', '--port', String(await freePort())];
  const ran = await running(['dashboard', 'envoy', '127.0.0.1', ...words, ...key, ...local], async (place) => {
    expect(await (await fetch(`${place}/stats`)).text()).toBe('page /stats');
  });
  await ssh.close();
  expect(ran.exitCode).toBe(0);
});

test('a browser is opened where there is a screen', async () => {
  await using api = await mesh(addon('kiali'));
  const bin = temporaryFolder();
  const seen = join(bin, 'seen');
  writeFileSync(join(bin, 'xdg-open'), `#!/bin/sh\nprintf %s "$1" >'${seen}'\n`);
  chmodSync(join(bin, 'xdg-open'), 0o755);
  const before = process.env['PATH'];
  process.env['PATH'] = `${bin}:${before}`;
  const words = ['dashboard', 'kiali', '--port', String(await freePort()), '--kubeconfig', api.kubeconfig()];
  const opened = async (): Promise<void> => {
    for (const end = Date.now() + 40_000; Date.now() < end && !existsSync(seen);) await delay(20);
  };
  const ran = await running(words, opened, { DISPLAY: ':0' });
  process.env['PATH'] = before;
  expect(readFileSync(seen, 'utf8')).toBe(ran.place);
});

test.each([
  [['dashboard', 'mixer'], '<page>'],
  [['dashboard', 'envoy'], '<vm>'],
  [['dashboard', 'kiali', 'vm'], '<vm>'],
  [['dashboard', 'kiali', '--address', 'example.org'], '--address'],
  [['dashboard', 'kiali', '--address', 'auto', '--interface', 'eth0'], 'only one of them'],
  [['forward', 'pilot', '--listen', '1'], '<target>'],
  [['forward', 'gateway'], '--listen'],
  [['forward', 'gateway', '--listen', '0.0.0.0:70000'], '--listen'],
  [['forward', 'istiod', '--listen', '8888', '--service', 'x'], 'for gateway only'],
])('%j is refused before anything is read', async (words, what) => {
  const { exitCode, stderr } = await runCli(words);
  expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(what) });
});
