import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenFile } from '../../src/agent/report/credential.ts';
import { formatHolder } from '../../src/agent/report/fence.ts';
import { createReporter } from '../../src/agent/report/reporter.ts';
import type { Reporter } from '../../src/agent/report/reporter-input.ts';
import type { ServiceHealth } from '../../src/agent/health/health.ts';
import { agentRightsObjects } from '../../src/mesh/current/agent-rights.ts';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { type Asked, statusOf } from './support/agent-request.ts';
import { ApiForward } from './support/api-forward.ts';
import { expectDone } from './support/done.ts';
import { useLab } from './support/lab.ts';

const NAMESPACE = 'agent-rights';
const ENTRY = 'db1-10.150.0.71';
const OTHER = 'web1-10.150.0.72';
const BOOT = '0b6d4bd5-0c5c-4a5e-8f3e-5f3d5d9c3f10';
const OTHER_BOOT = '7f3e0a52-9e0c-4f43-8f0b-22d1a6c7c001';
const MACHINE = 'a'.repeat(64);
const ENTRIES = `/apis/networking.istio.io/v1/namespaces/${NAMESPACE}/workloadentries`;
const OWN = `${ENTRIES}/${ENTRY}`;
const EVENTS = `/apis/events.k8s.io/v1/namespaces/${NAMESPACE}/events`;
const TOKENS = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`;
const DEFINITIONS = [
  { name: 'mysqldb', ports: [{ name: 'mysql', number: 3306 }] },
  { name: 'web', ports: [{ name: 'http', number: 8080 }] },
];

const lab = useLab();
let api: ApiForward;
let token: string;
let folder: string;
const reporters: Reporter[] = [];

function entry(name: string, account: string): KubeObject {
  const annotations = { 'meshx.dev/ports': 'mysql-3306=3306,http-8080=8080', 'meshx.dev/agent': '3' };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name, namespace: NAMESPACE, labels: { app: 'db' }, annotations },
    spec: {
      address: name.replace(/^.*-/, ''),
      serviceAccount: account,
      labels: { app: 'db' },
      ports: { 'mysql-3306': 3306, 'http-8080': 8080, odd: 99 },
    },
  };
}

const kubectl = async (...words: readonly string[]): Promise<string> => lab().kubectl([...words, '-n', NAMESPACE]);
const make = async (...objects: readonly KubeObject[]): Promise<void> => {
  await lab().kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
};
const anew = async (): Promise<void> => {
  await kubectl('delete', 'workloadentries', '--all');
  await make(entry(ENTRY, 'db1'), entry(OTHER, 'web1'));
};
const ports = async (): Promise<string> =>
  (await kubectl('get', 'workloadentry', ENTRY, '-o', 'jsonpath={.spec.ports}')).trim();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshx-agent-rights-'));
  const rbac = await lab().meshx(['rbac', 'up', '-n', NAMESPACE, '--agents']);
  expectDone(rbac);
  const policy = rbac.stdout.split('---\n').filter((text) => /^kind: ValidatingAdmissionPolicy/m.test(text));
  await lab().kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], policy.join('---\n'));
  await make({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  const group = { name: 'db1', namespace: NAMESPACE };
  await make(
    ...['db1', 'web1'].map((name) => ({
      ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: NAMESPACE } },
    })),
    {
      ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadGroup', metadata: group },
      spec: { template: { serviceAccount: 'db1' } },
    },
    ...agentRightsObjects({ group: 'db1', namespace: NAMESPACE, serviceAccount: 'db1', entries: [ENTRY] }),
  );
  await anew();
  token = (await kubectl('create', 'token', 'db1')).trim();
  api = await ApiForward.to(lab());
  // The API server learns of a policy a moment after it was made.
  await lab().waitFor('the policy to hold', async () => {
    return (await statusOf(api, token, { method: 'PATCH', path: OWN, body: { spec: { network: 'x' } } })) === 422;
  });
});

beforeEach(anew);
afterEach(async () => {
  for (const reporter of reporters.splice(0)) await reporter.close();
});
afterAll(async () => {
  await api?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
  await lab().kubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
});

const patch = (body: unknown, path = OWN): Asked => ({ method: 'PATCH', path, body });
const annotate = (annotations: Readonly<Record<string, string | null>>): Asked => patch({ metadata: { annotations } });
const holder = (generation: number): Asked => {
  const text = formatHolder({ generation, boot: BOOT, started: '2026-11-30T10:00:00.000Z' });
  return annotate({ 'agent.meshx.dev/holder': text });
};
const tokenFor = (account: string, expirationSeconds: number): Asked => ({
  ...{ method: 'POST', path: `${TOKENS}/${account}/token` },
  body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds } },
});
const eventAbout = (kind: string, name: string): Asked => ({
  ...{ method: 'POST', path: EVENTS },
  body: {
    ...{ apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { generateName: 'x-', namespace: NAMESPACE } },
    ...{ eventTime: '2026-11-30T10:00:00.000000Z', reportingController: 'x', reportingInstance: 'x' },
    ...{ action: 'Report', reason: 'ServiceDown', type: 'Warning', note: 'x' },
    regarding: { apiVersion: 'networking.istio.io/v1', kind, name, namespace: NAMESPACE },
  },
});

test.each<readonly [string, Asked]>([
  ['read its entry', { method: 'GET', path: OWN }],
  ['take declared ports out', patch({ spec: { ports: { 'mysql-3306': null, 'http-8080': null } } })],
  ['set its weight', patch({ spec: { weight: 5 } })],
  ['write its annotations', annotate({ 'agent.meshx.dev/mysqldb': '{"state":"down"}' })],
  ['hold its entry', holder(3)],
  ['renew its own token', tokenFor('db1', 3600)],
  ['report an event about its entry', eventAbout('WorkloadEntry', ENTRY)],
])('an agent may %s', async (_what, asked) => {
  expect([200, 201]).toContain(await statusOf(api, token, asked));
});

test.each<readonly [string, Asked]>([
  ['add a port that no one declared', patch({ spec: { ports: { ssh: 22 } } })],
  ['give a port another number', patch({ spec: { ports: { 'mysql-3306': 22 } } })],
  ['remove a port that no one declared', patch({ spec: { ports: { odd: null } } })],
  ['change the address', patch({ spec: { address: '10.150.0.72' } })],
  ['change the account', patch({ spec: { serviceAccount: 'web1' } })],
  ['remove the account', patch({ spec: { serviceAccount: null } })],
  ['change the network', patch({ spec: { network: 'other' } })],
  ['change the locality', patch({ spec: { locality: 'a/b' } })],
  ['change a label of the workload', patch({ spec: { labels: { app: 'web' } } })],
  ['join a service', patch({ metadata: { labels: { 'service.meshx.dev/web': 'ready' } } })],
  ['remove a label', patch({ metadata: { labels: { app: null } } })],
  ['declare ports', annotate({ 'meshx.dev/ports': 'ssh=22' })],
  ['raise its generation', annotate({ 'meshx.dev/agent': '9' })],
  ['write another annotation', annotate({ other: 'x' })],
  ['remove all annotations', patch({ metadata: { annotations: null } })],
  ['keep the entry from being deleted', patch({ metadata: { finalizers: ['x.y/z'] } })],
  ['take all traffic by its weight', patch({ spec: { weight: 100_000 } })],
  ['fill the entry', annotate({ 'agent.meshx.dev/x': 'x'.repeat(1000) })],
  ['hold the entry for a generation that no join gave', holder(4)],
  ['hold the entry with a text of its own', annotate({ 'agent.meshx.dev/holder': 'mine' })],
  ['change another entry', patch({ spec: { weight: 5 } }, `${ENTRIES}/${OTHER}`)],
  ['change the status of its entry', patch({ status: { conditions: [] } }, `${OWN}/status`)],
  ['read another entry', { method: 'GET', path: `${ENTRIES}/${OTHER}` }],
  ['list entries', { method: 'GET', path: ENTRIES }],
  ['watch all entries', { method: 'GET', path: `${ENTRIES}?watch=1&timeoutSeconds=1` }],
  ['make an entry', { method: 'POST', path: ENTRIES, body: entry('x-1', 'db1') }],
  ['delete its entry', { method: 'DELETE', path: OWN }],
  ['read Secrets', { method: 'GET', path: `/api/v1/namespaces/${NAMESPACE}/secrets` }],
  ['read pods', { method: 'GET', path: `/api/v1/namespaces/${NAMESPACE}/pods` }],
  ['get a token of another account', tokenFor('web1', 3600)],
  ['get a token for a year', tokenFor('db1', 31_536_000)],
  ['report an event about a pod', eventAbout('Pod', ENTRY)],
  ['report an event about another entry', eventAbout('WorkloadEntry', OTHER)],
])('an agent may not %s', async (_what, asked) => {
  expect([403, 422]).toContain(await statusOf(api, token, asked));
});

test('an agent may neither lower the generation of the holder nor remove it', async () => {
  expect(await statusOf(api, token, holder(3))).toBe(200);
  expect(await statusOf(api, token, holder(2))).toBe(422);
  expect(await statusOf(api, token, annotate({ 'agent.meshx.dev/holder': null }))).toBe(422);
});

test('an agent may not put a port back while an operator drains the VM', async () => {
  const back = patch({ spec: { ports: { 'mysql-3306': 3306 } } });
  const drained = { metadata: { annotations: { 'meshx.dev/drained-ports': 'mysql-3306=3306' } } };
  const out = JSON.stringify({ ...drained, spec: { ports: { 'mysql-3306': null } } });
  await kubectl('patch', 'workloadentry', ENTRY, '--type=merge', '-p', out);
  expect(await statusOf(api, token, back)).toBe(422);
  expect(await statusOf(api, token, annotate({ 'meshx.dev/drained-ports': null }))).toBe(422);
  await kubectl('annotate', 'workloadentry', ENTRY, 'meshx.dev/drained-ports-');
  expect(await statusOf(api, token, back)).toBe(200);
});

test('the policy leaves other accounts of the namespace alone', async () => {
  const binding = ['clusterrolebinding', 'agent-rights-web1'];
  await lab().kubectl([...['create', ...binding, '--clusterrole=cluster-admin', `--serviceaccount=${NAMESPACE}:web1`]]);
  try {
    const admin = (await kubectl('create', 'token', 'web1')).trim();
    expect(await statusOf(api, admin, patch({ spec: { network: 'other' } }))).toBe(200);
    expect(await statusOf(api, admin, eventAbout('Pod', 'x'))).toBe(201);
  } finally {
    await lab().kubectl(['delete', ...binding]);
  }
});

test('an operator may grant an agent its Role with what rbac --agents prints, and not with less', async () => {
  const grant = { group: 'web1', namespace: NAMESPACE, serviceAccount: 'web1', entries: [OTHER] };
  const objects = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: agentRightsObjects(grant) });
  const granted = async (): Promise<boolean> => {
    const as = ['--as', 'granter', '--as-group', 'system:authenticated'];
    const ran = await lab().mesh.try(['apply', '--server-side', ...as, '-f', '-'], objects);
    return ran.exitCode === 0;
  };
  const words = ['rbac', 'up', '-n', NAMESPACE, '--for', 'granter'];
  const [less, all] = [await lab().meshx(words), await lab().meshx([...words, '--agents'])];
  try {
    await lab().kubectl(['apply', '-f', '-'], less.stdout);
    await lab().waitFor('the roles', async () => {
      const asked = ['auth', 'can-i', 'get', 'services', '-n', NAMESPACE, '--as', 'granter'];
      return (await lab().mesh.try(asked)).exitCode === 0;
    });
    expect(await granted()).toBe(false);
    await lab().kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], all.stdout);
    await lab().waitFor('the grant', granted);
  } finally {
    for (const namespace of [NAMESPACE, 'istio-system'])
      await lab().kubectl(['delete', 'role,rolebinding', 'meshx', '-n', namespace, '--ignore-not-found']);
    await lab().kubectl(['delete', 'clusterrole,clusterrolebinding', 'meshx', '--ignore-not-found']);
  }
});

interface Agent {
  readonly boot?: string;
  readonly addresses?: readonly string[];
}

async function start({ boot = BOOT, addresses = ['10.150.0.71'] }: Agent = {}): Promise<Reporter> {
  const file = tokenFile(join(folder, 'api-token'));
  await file.write(token);
  const mesh = {
    group: 'db1',
    namespace: NAMESPACE,
    account: 'db1',
    entry: ENTRY,
    address: '10.150.0.71',
    network: '',
  };
  const reporter = createReporter({
    settings: {
      ...{ generation: 3, observe: false, machine: MACHINE, mesh, ports: {} },
      api: [{ server: api.url, ca: api.ca }],
    },
    ...{ definitions: () => DEFINITIONS, token: file, now: () => new Date(), log: () => undefined },
    ...{ signal: new AbortController().signal, identity: () => ({ machine: MACHINE, boot, addresses }) },
  });
  reporters.push(reporter);
  return reporter;
}

const health = (mysqldb: ServiceHealth['state'], web: ServiceHealth['state']): readonly ServiceHealth[] => {
  const since = new Date();
  return [
    { name: 'mysqldb', state: mysqldb, since, reason: '' },
    { name: 'web', state: web, since, reason: 'connection refused' },
  ];
};
const ALL = '{"http-8080":8080,"mysql-3306":3306,"odd":99}';
const WITHOUT_WEB = '{"mysql-3306":3306,"odd":99}';
const mode = async (reporter: Reporter, wanted: string): Promise<void> => {
  await lab().waitFor(`mode ${wanted}`, () => Promise.resolve(reporter.status.mode === wanted));
};
const portsAre = async (wanted: string): Promise<void> => {
  await lab().waitFor(`ports ${wanted}`, async () => (await ports()) === wanted);
};

test('a port is out within a second, and back within a second', async () => {
  const reporter = await start();
  reporter.report(health('ready', 'ready'));
  await mode(reporter, 'api');
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    for (const state of ['down', 'ready'] as const) {
      const before = reporter.status.lastWrite;
      const began = performance.now();
      reporter.report(health('ready', state));
      while (reporter.status.lastWrite === before && performance.now() - began < 5000)
        await new Promise((resolve) => setTimeout(resolve, 2));
      times.push(Math.round(performance.now() - began));
      expect(await ports()).toBe(state === 'down' ? WITHOUT_WEB : ALL);
    }
  }
  process.stderr.write(`milliseconds from report to write: ${times.join(' ')}\n`);
  expect(Math.max(...times)).toBeLessThan(1000);
  const events = await kubectl('get', 'events.events.k8s.io', '-o', 'jsonpath={.items[*].reason}');
  expect(events).toContain('ServiceDown');
}, 60_000);

test('of two agents on one entry the one that started later reports, and the other writes nothing', async () => {
  const older = await start();
  older.report(health('ready', 'ready'));
  await mode(older, 'api');
  const newer = await start({ boot: OTHER_BOOT });
  newer.report(health('ready', 'down'));
  await mode(older, 'fenced');
  await portsAre(WITHOUT_WEB);
  older.report(health('down', 'ready'));
  await mode(newer, 'api');
  expect(await ports()).toBe(WITHOUT_WEB);
}, 60_000);

test('a copy of the machine at another address writes nothing', async () => {
  const copy = await start({ addresses: ['10.150.0.73'] });
  copy.report(health('down', 'down'));
  await mode(copy, 'fenced');
  expect(await ports()).toBe(ALL);
}, 60_000);

test('an entry that is deleted and made again gets its state back', async () => {
  const reporter = await start();
  reporter.report(health('ready', 'down'));
  await portsAre(WITHOUT_WEB);
  await kubectl('delete', 'workloadentry', ENTRY);
  await lab().waitFor('the reporter', () => Promise.resolve(reporter.status.reason !== undefined));
  await make(entry(ENTRY, 'db1'));
  await portsAre(WITHOUT_WEB);
  await kubectl('patch', 'workloadentry', ENTRY, '--type=merge', '-p', '{"spec":{"ports":{"http-8080":8080}}}');
  await portsAre(WITHOUT_WEB);
}, 60_000);

test('after an outage the last state is reported', async () => {
  const reporter = await start();
  reporter.report(health('ready', 'ready'));
  await mode(reporter, 'api');
  api.cut();
  reporter.report(health('down', 'down'));
  await mode(reporter, 'health-channel');
  reporter.report(health('ready', 'down'));
  api.restore();
  await portsAre(WITHOUT_WEB);
  await mode(reporter, 'api');
}, 90_000);
