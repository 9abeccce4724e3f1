import { jest } from '@jest/globals';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { formatPhase } from '../../src/cli/change-text.ts';
import { openLeaveContext, type LeaveOptions } from '../../src/operations/leave/context.ts';
import { leave } from '../../src/operations/leave/leave.ts';
import type { RollbackOptions } from '../../src/operations/rollback/inspect.ts';
import { rollBack } from '../../src/operations/rollback/rollback.ts';
import type { VmReport } from '../../src/operations/vm-report.ts';
import type { World } from '../../src/world.ts';
import { LiveVm } from '../operations/change/live-vm.ts';
import { aCurrentCluster, aNamespace, selfSigned } from '../support/cluster-objects.ts';
import { FakeApiServer } from '../support/fake-api-server.ts';
import { expectGolden } from '../support/golden.ts';
import { aJoinedExample } from '../support/joined-example.ts';

jest.setTimeout(60_000);

const ADDRESS = '10.150.0.5';
const LABELS = { 'service.meshx.dev/mysqldb': 'ready' };

const made = (apiVersion: string, kind: string, name: string, more: object): KubeObject => ({
  ...{ apiVersion, kind, ...more },
  metadata: { name, namespace: 'vm', labels: { 'app.kubernetes.io/managed-by': 'meshx' } },
});

const OBJECTS: readonly KubeObject[] = [
  made('v1', 'Service', 'mysqldb', { spec: { ports: [{ port: 3306 }], selector: LABELS } }),
  made('networking.istio.io/v1', 'WorkloadGroup', 'istio-vm', {
    spec: { metadata: { labels: LABELS }, template: { serviceAccount: 'istio-vm' } },
  }),
  {
    ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', spec: { address: ADDRESS } },
    metadata: {
      ...{ name: `istio-vm-${ADDRESS}`, namespace: 'vm', labels: LABELS },
      annotations: { 'istio.io/autoRegistrationGroup': 'istio-vm' },
    },
  },
];

let server: FakeApiServer;
beforeEach(async () => {
  const cluster = aCurrentCluster({ rootCert: selfSigned().cert });
  server = await FakeApiServer.start({ objects: [...cluster, aNamespace('vm'), ...OBJECTS] });
});
afterEach(async () => await server[Symbol.asyncDispose]());

/** Where the VM and its cluster are, for both commands. */
const shared = () => ({
  cluster: { connect: { kubeconfig: server.kubeconfig() }, facts: { istioNamespace: 'istio-system' }, place: {} },
  ...{ machine: { ssh: {}, place: {} }, place: { namespace: 'vm', address: ADDRESS } },
});

const world = (vm: LiveVm): World => ({
  ...{ env: {}, cwd: '/', home: '/', version: '1.2.3', note: () => undefined },
  ...{ now: () => new Date(2026, 0, 31, 9, 8, 41), signal: vm.system.operator.signal },
});

const calling = (vm: LiveVm) => ({
  ...{ vm: 'istio-vm', command: 'meshx c istio-vm', again: 'meshx c istio-vm' },
  ...{ login: () => vm.login(), observe: () => undefined },
});

/** What a dry run prints, and what is printed while the phases are carried out. */
const printed = ({ phases }: Pick<VmReport, 'phases'>): string =>
  `${phases.flatMap((phase) => formatPhase({ ...phase, seen: [] })).join('\n')}\n`;

const writes = (): readonly string[] => server.requests.flatMap(({ method }) => (method === 'GET' ? [] : [method]));

async function left(vm: LiveVm, dryRun: boolean) {
  const undo = { restore: [], keep: [], everything: false };
  const options: LeaveOptions = { ...shared(), verify: true, drainTimeoutMs: 30_000, undo, dryRun };
  return await leave(await openLeaveContext(world(vm), options), calling(vm));
}

test('down --dry-run prints drain, registration, undo and comparison, and apply does them byte for byte', async () => {
  const vm = new LiveVm((await aJoinedExample('--vm-address', ADDRESS)).root);
  const planned = await left(vm, true);
  expect(planned.problem).toBeUndefined();
  expectGolden('cli/leave-plans/down.txt', printed(planned));
  expect([new Set(vm.system.ran), writes()]).toEqual([new Set(['mesh-connections']), []]);

  const done = await left(vm, false);
  expect(done).toMatchObject({ status: 'changed' });
  expect(printed(done)).toBe(printed(planned));
  expect(vm.system.ran).toEqual(expect.arrayContaining(['run-begin', 'drain', 'sidecar-end', 'run-end']));
  expect(vm.has('/var/lib/istio/envoy/cluster.env')).toBe(false);
  expect((await left(vm, true)).phases.flatMap(({ changes }) => changes)).toEqual([]);
});

async function rolledBack(vm: LiveVm, dryRun: boolean, more: Pick<RollbackOptions, 'only'> = {}) {
  const restart = { allowed: true, limitMs: 30_000 };
  const options: RollbackOptions = { ...shared(), restart, confirmWithin: 90, ...more };
  return await rollBack(world(vm), { ...calling(vm), dryRun }, options);
}

const copy = (version: string): string =>
  [`istio-sidecar ${version} deb ${'ab'.repeat(32)}`, '/', '/var/lib/meshx/package', '/usr/local/bin/pilot-agent']
    .map((line) => `=${line}\n`)
    .join('');

test('rollback --dry-run prints drain, switch, package and restart, and apply does them byte for byte', async () => {
  const vm = new LiveVm((await aJoinedExample('--vm-address', ADDRESS)).root);
  const [now, former] = [copy('1.24.0'), copy('1.23.0')];
  vm.answers.set('package-copies', `installed ${now.slice(1, now.indexOf('\n'))}\ncurrent\n${now}former\n${former}`);
  const planned = await rolledBack(vm, true);
  expect(planned.problem).toBeUndefined();
  expectGolden('cli/leave-plans/rollback.txt', printed(planned));
  expect(writes()).toEqual([]);
  expect(vm.system.ran).not.toContain('run-begin');

  const done = await rolledBack(vm, false);
  expect(done).toMatchObject({
    status: 'changed',
    results: expect.arrayContaining([expect.objectContaining({ ok: true })]),
  });
  expect(printed(done)).toBe(printed(planned));
  expect([vm.system.ended, vm.system.ran.at(-1)]).toEqual(['confirmed', 'run-end']);
});

test('a rollback of what one command changed leaves a VM whose last run of it changed something else', async () => {
  const vm = new LiveVm((await aJoinedExample('--vm-address', ADDRESS)).root);
  const [now, former] = [copy('1.24.0'), copy('1.23.0')];
  vm.answers.set('package-copies', `installed ${now.slice(1, now.indexOf('\n'))}\ncurrent\n${now}former\n${former}`);
  vm.answers.set('audit-read', '');
  const refused = await rolledBack(vm, false, { only: { command: 'fleet apply' } });
  expect(refused).toMatchObject({ status: 'failed', problem: { id: 'package-not-changed' } });
  expect(writes()).toEqual([]);
  expect(vm.system.ran).not.toContain('run-begin');
});

const elsewhere = (): KubeObject => {
  const group = made('networking.istio.io/v1', 'WorkloadGroup', 'istio-vm', {});
  return { ...group, metadata: { ...group.metadata, namespace: 'default' } };
};

test.each<[string, () => void, string]>([
  ['only the namespace of its record has a group of its name', () => undefined, 'changed'],
  ['another namespace has a group of its name', () => server.put(elsewhere()), 'membership-unconfirmed'],
  [
    'the groups of other namespaces may not be listed',
    () => server.fail({ on: /^GET \/apis\/networking.istio.io\/v1\/workloadgroups/, answer: 403 }),
    'membership-unconfirmed',
  ],
])('down of a VM without an entry, outside the namespace of the kubeconfig: %s', async (_what, change, end) => {
  server.remove('WorkloadEntry', 'vm', `istio-vm-${ADDRESS}`);
  change();
  const vm = new LiveVm((await aJoinedExample('--vm-address', ADDRESS)).root);
  const undo = { restore: [], keep: [], everything: false };
  const options: LeaveOptions = { ...shared(), place: {}, verify: false, drainTimeoutMs: 30_000, undo, dryRun: false };
  const report = await leave(await openLeaveContext(world(vm), options), calling(vm));
  expect(report.problem?.id ?? report.status).toBe(end);
  const groups = server.all('WorkloadGroup').filter(({ metadata }) => metadata.namespace === 'vm');
  expect(groups).toHaveLength(end === 'changed' ? 0 : 1);
});
