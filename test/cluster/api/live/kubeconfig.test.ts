import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadCredentials } from '../../../../src/cluster/api/live/kubeconfig.ts';
import { connectKubernetes } from '../../../../src/cluster/api/connect-kubernetes.ts';
import { FakeApiServer } from '../../../support/fake-api-server.ts';
import { problemOf } from '../../../support/problem.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-kubeconfig-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Words {
  readonly server?: string;
  readonly user?: Readonly<Record<string, unknown>>;
  readonly namespace?: string;
  readonly current?: string;
}

function write(file: string, name: string, words: Words = {}): string {
  const path = join(folder, file);
  const { server = `https://${name}.example:6443`, user = {}, namespace, current = name } = words;
  const config = {
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, ...(namespace && { namespace }) } }],
    'current-context': current,
  };
  writeFileSync(path, stringify(config));
  return path;
}

const load = (words: { kubeconfig?: string; context?: string; list?: string }) => {
  const env = { ...(words.list && { KUBECONFIG: words.list }) };
  const { kubeconfig, context } = words;
  return loadCredentials({ env, home: folder, ...(kubeconfig && { kubeconfig }), ...(context && { context }) });
};

const problem = (words: Parameters<typeof load>[0]) => problemOf(Promise.resolve().then(() => load(words)));

test('~/.kube/config is the default', () => {
  mkdirSync(join(folder, '.kube'));
  write('.kube/config', 'home', { namespace: 'vm' });
  const { name, server, namespace } = load({});
  expect([name, server.href, namespace]).toEqual(['home', 'https://home.example:6443/', 'vm']);
});

test('the files of KUBECONFIG are merged: first definition and first current context win, missing files do not matter', () => {
  const one = write('one', 'shared', { server: 'https://first.example' });
  const two = write('two', 'shared', { server: 'https://second.example' });
  const three = write('three', 'third');
  const list = [join(folder, 'absent'), one, two, three].join(':');
  expect(load({ list }).server.href).toBe('https://first.example/');
  expect(load({ list, context: 'third' }).server.href).toBe('https://third.example:6443/');
});

test('--kubeconfig wins over KUBECONFIG', () => {
  const [one, two] = [write('one', 'one'), write('two', 'two')];
  expect(load({ kubeconfig: two, list: one }).name).toBe('two');
});

test('a missing kubeconfig names the places that were searched', async () => {
  expect((await problem({})).message).toBe(`No kubeconfig found: looked for ${folder}/.kube/config.`);
  expect((await problem({ kubeconfig: '/nowhere/config' })).message).toContain('/nowhere/config');
});

test('an unknown context names the known ones', async () => {
  const refused = await problem({ kubeconfig: write('one', 'lab'), context: 'prod' });
  expect(refused.id).toBe('context-unknown');
  expect(refused.message).toBe('The kubeconfig has no context prod; it knows: lab.');
});

test('a context whose cluster is not defined is named', async () => {
  const path = join(folder, 'half');
  const contexts = [{ name: 'lab', context: { cluster: 'gone', user: 'gone' } }];
  writeFileSync(path, stringify({ clusters: [], users: [], contexts, 'current-context': 'lab' }));
  expect((await problem({ kubeconfig: path })).id).toBe('context-incomplete');
});

test.each(['clusters: [', 'clusters:\n- name: x\n', '\u0000'])(
  'the broken kubeconfig %j is a Problem',
  async (text) => {
    const path = join(folder, 'broken');
    writeFileSync(path, text);
    expect((await problem({ kubeconfig: path })).id).toMatch(/kubeconfig-invalid|context-unknown/);
  },
);

describe('exec plugins', () => {
  const plugin = (text: string): Readonly<Record<string, unknown>> => {
    const command = join(folder, 'plugin');
    writeFileSync(command, `#!/bin/sh\n${text}\n`);
    chmodSync(command, 0o755);
    return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' } };
  };
  const credential = (token: string): string =>
    `echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"${token}"}}'`;
  const ref = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'x' };

  test('their token is reused for many requests, and renewed when it is refused', async () => {
    await using server = await FakeApiServer.startTrusted({ token: 'second' });
    const count = join(folder, 'count');
    const user = plugin(
      `if test -e ${count}; then ${credential('second')}; else touch ${count}; ${credential('first')}; fi`,
    );
    const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(user), env: {}, home: folder });
    await kube.get(ref);
    await kube.get(ref);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      'Bearer first',
      'Bearer second',
      'Bearer second',
    ]);
  });

  test('they get the call, and the cluster when they ask for it', async () => {
    await using server = await FakeApiServer.startTrusted({ token: 'told' });
    const file = join(folder, 'told');
    const { exec } = plugin(`printf %s "$KUBERNETES_EXEC_INFO" >${file}; ${credential('told')}`) as { exec: object };
    const user = { exec: { ...exec, provideClusterInfo: true } };
    const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(user), env: {}, home: folder });
    await kube.get(ref);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: server.url } },
    });
  });

  test('a command with a slash is looked for beside the kubeconfig', async () => {
    await using server = await FakeApiServer.startTrusted({ token: 'beside' });
    plugin(credential('beside'));
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: './plugin' };
    const kubeconfig = join(folder, 'config');
    copyFileSync(server.kubeconfig({ exec }), kubeconfig);
    expect(await (await connectKubernetes({ kubeconfig, env: {}, home: '/' })).get(ref)).toBeUndefined();
  });

  test('one that fails is a Problem with its output', async () => {
    await using server = await FakeApiServer.startTrusted();
    const user = plugin('echo "log in first" >&2; exit 1');
    const kube = await connectKubernetes({ kubeconfig: server.kubeconfig(user), env: {}, home: folder });
    const refused = await problemOf(kube.get(ref));
    expect(refused.id).toBe('cluster-credentials-failed');
    expect(refused.message).toBe('Cannot get the credentials of context lab: log in first.');
  });

  test('one that hangs is stopped after the time limit', async () => {
    await using server = await FakeApiServer.startTrusted();
    const user = plugin('exec sleep 5');
    const kube = await connectKubernetes({
      kubeconfig: server.kubeconfig(user),
      env: {},
      home: folder,
      timeoutMs: 200,
    });
    expect((await problemOf(kube.get(ref))).id).toBe('cluster-timed-out');
  });
});

test('requests to a server with a path go below that path', async () => {
  await using server = await FakeApiServer.start();
  const kubeconfig = write('gateway', 'gateway', { server: `${server.url}/k8s/clusters/c-1` });
  const kube = await connectKubernetes({ kubeconfig, env: {}, home: folder });
  await kube.list({ apiVersion: 'v1', kind: 'Node' });
  expect(server.requests.at(-1)?.path).toBe('/k8s/clusters/c-1/api/v1/nodes');
});
