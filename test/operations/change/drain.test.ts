import { EMPTY_PLAN } from '../../../src/cluster/api/plan.ts';
import type { Command, Host, Output } from '../../../src/host/run/host.ts';
import type { Decision } from '../../../src/operations/change/decision.ts';
import { type DrainPlan, endsSidecar, inspectDrain, leave, refuseDrain } from '../../../src/operations/change/drain.ts';
import type { Plan } from '../../../src/reconcile/plan.ts';
import { FakeCluster } from './fake-cluster.ts';

const planOf = (name: string, ...args: readonly string[]): Plan => ({
  steps: [
    {
      id: 'sidecar',
      title: 'Run the sidecar',
      changes: [{ summary: 'x', scripts: [{ script: { name, text: ':', args } }] }],
      touches: {},
    },
  ],
});
const RESTART = planOf('unit-start', 'restart', 'istio.service', '90');

test.each([
  [RESTART, true],
  [planOf('unit-stop', 'istio.service'), true],
  [planOf('unit-start', 'start', 'istio.service'), false],
  [planOf('unit-start', 'restart', 'meshx-capture.service'), false],
  [planOf('unit-stop', 'meshx-capture.service'), false],
  [planOf('unit-enable', 'istio.service', 'enable'), false],
  [planOf('other', 'restart', 'istio.service'), false],
  [{ steps: [] }, false],
])('plan %# ends the sidecar: %s', (plan, expected) => {
  expect(endsSidecar(plan)).toBe(expected);
});

/** A VM that answers the two questions of a drain. */
class Vm implements Host {
  readonly name = 'vm1';
  readonly sent: (readonly string[])[] = [];
  before = 'open 2 1\nseen web.vm.svc.cluster.local\nupdates 7\nend\n';
  after = 'dropped nothing\nopen 0 0\nwaited 1540\nend\n';

  run({ argv }: Command): Promise<Output> {
    const [name = '', ...args] = argv.slice(3);
    this.sent.push([name.replace('meshx-', ''), ...args]);
    const stdout = name === 'meshx-drain' ? this.after : this.before;
    return Promise.resolve({ exitCode: 0, stdout, stderr: '' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.resolve();
  }
}

const ENTRY = {
  ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', spec: { address: '10.0.0.5' } },
  metadata: {
    ...{ name: 'web-10.0.0.5', namespace: 'vm' },
    labels: { 'service.meshx.dev/web': 'ready', 'service.meshx.dev/old': 'draining' },
    annotations: { 'istio.io/autoRegistrationGroup': 'web' },
  },
};
const registryOf = (kube: FakeCluster) => ({
  kube,
  vm: { generation: 'current' as const, namespace: 'vm', group: 'web', addresses: ['10.0.0.5'] },
});

type Drain = NonNullable<Decision['drain']>;
const common = { addresses: ['10.0.0.5'], limitMs: 9000 };
const restart: Drain = { ...common, for: 'restart', allowed: true, returns: 'before-verify' };
const leaving: Drain = { ...common, for: 'leave', stops: true };
const signal = new AbortController().signal;
const BEFORE = { inward: 2, outward: 1, seen: ['web.vm.svc.cluster.local'], updates: 7 };

test.each<[string, Decision['drain'], Plan, unknown]>([
  ['a decision without a drain asks nothing', undefined, RESTART, undefined],
  ['a restart drain asks nothing if the sidecar keeps running', restart, { steps: [] }, undefined],
  ['a restart drains open connections', restart, RESTART, { before: BEFORE, refused: false }],
  ['a VM that leaves drains, whatever the plan does', leaving, { steps: [] }, { before: BEFORE, refused: false }],
])('%s', async (_title, drain, plan, expected) => {
  const vm = new Vm();
  expect(await inspectDrain(vm, { plan, ...(drain && { drain }) }, signal)).toEqual(expected);
  expect(vm.sent).toHaveLength(expected === undefined ? 0 : 1);
});

test('a VM without connections is drained only when it leaves: clients must not come back', async () => {
  const vm = new Vm();
  vm.before = 'open 0 0\nupdates 7\nend\n';
  expect(await inspectDrain(vm, { plan: RESTART, drain: restart }, signal)).toBeUndefined();
  expect(await inspectDrain(vm, { plan: RESTART, drain: leaving }, signal)).toMatchObject({ refused: false });
});

test('a restart that no one has allowed asks nothing of the cluster', async () => {
  const registry = registryOf(new FakeCluster(ENTRY));
  const drain = { ...restart, allowed: false, registry };
  const found = await inspectDrain(new Vm(), { plan: RESTART, drain }, signal);
  expect(found).toEqual({ before: BEFORE, refused: true });
  const refuse = () => refuseDrain('vm1', found, 'meshx up vm1');
  expect(refuse).toThrow('vm1 must be restarted, which ends 3 connections through the mesh');
  expect(refuse).toThrow(expect.objectContaining({ hint: expect.stringContaining('meshx up vm1 --restart') }));
  expect(() => refuseDrain('vm1', undefined, 'x')).not.toThrow();
});

test('with a cluster the plan has what leaves rotation, and what an earlier run left out of it', async () => {
  const kube = new FakeCluster(ENTRY);
  const found = await inspectDrain(
    new Vm(),
    { plan: RESTART, drain: { ...restart, registry: registryOf(kube) } },
    signal,
  );
  expect(found).toMatchObject({ kube, rotation: { services: ['web'] }, leftOut: { services: ['old'] } });
});

/** A drain of these services, with this answer about its end. */
async function drained(after: string, plan: Partial<DrainPlan>, drain: Drain = restart) {
  const vm = new Vm();
  vm.after = `${after}end\n`;
  const end = await leave(vm, { before: BEFORE, refused: false, ...plan }, { ...drain, signal });
  return { ...end, sent: vm.sent };
}

test('without a cluster nothing leaves rotation, and istiod is not waited for', async () => {
  const { sent, seen, left } = await drained('open 0 0\nwaited 1540\n', {});
  expect(sent).toEqual([['drain', 'istio-proxy', '0', '9000', '7', '', '10.0.0.5']]);
  expect(seen).toEqual([
    '3 connections through the mesh (2 from clients, 1 to others) ended by themselves within 1.5 s',
  ]);
  expect(left).toEqual({ inward: 0, outward: 0 });
});

test('the services leave rotation first, and the VM waits until istiod has dropped its own ones', async () => {
  const kube = new FakeCluster(ENTRY);
  const drain = { ...restart, registry: registryOf(kube) };
  const found = await inspectDrain(new Vm(), { plan: RESTART, drain }, signal);
  const { sent, seen } = await drained('dropped endpoint 120\nopen 0 0\nwaited 1000\n', found!, drain);
  expect(kube.labelOf('WorkloadEntry vm/web-10.0.0.5', 'service.meshx.dev/web')).toBe('draining');
  expect(sent).toEqual([['drain', 'istio-proxy', '10000', '9000', '7', 'web.vm.svc.cluster.local', '10.0.0.5']]);
  expect(seen[0]).toBe("istiod has dropped the endpoint, seen by the VM's own sidecar after 120 ms");
});

test('a service of another owner is reported, and istiod is not waited for because of it', async () => {
  const kube = new FakeCluster();
  const rotation = { plan: EMPTY_PLAN, services: ['web', 'other'], foreign: ['other'] };
  const drain = { ...restart, registry: registryOf(kube) };
  const before = { ...BEFORE, seen: ['web.vm', 'other.vm'] };
  const both = await drained('open 1 0\nwaited 2000\n', { kube, rotation, before }, drain);
  expect(both.sent[0]?.slice(2, 6)).toEqual(['10000', '9000', '7', 'web.vm']);
  expect(both.seen).toEqual([
    'Service other belongs to another owner: its clients come until the sidecar ends',
    '1 connection through the mesh (1 from clients) left after 2.0 s: the end of the sidecar ends them',
  ]);
  const foreign = await drained('open 0 0\n', { kube, rotation: { ...rotation, services: ['other'] }, before }, drain);
  expect(foreign.sent[0]?.slice(2, 6)).toEqual(['0', '9000', '7', '']);
});

test.each([
  ['dropped nothing\n', []],
  ['dropped endpoint 1\n', ["istiod has dropped the endpoint, seen by the VM's own sidecar after 1 ms"]],
  ['dropped push 2\n', [expect.stringContaining("istiod has pushed to the VM's own sidecar after 2 ms")]],
  ['dropped none 3\n', ['after 3 ms nothing shows that istiod has dropped the endpoint: clients may still come']],
])('what shows that clients have dropped the endpoint: %j', async (line, expected) => {
  const { seen } = await drained(`${line}open 0 0\nwaited 0\n`, { before: { ...BEFORE, inward: 0, outward: 0 } });
  expect(seen).toEqual(expected);
});

test('connections that came during the drain are reported, although none was open before', async () => {
  const { seen } = await drained('open 1 0\nwaited 0\n', { before: { ...BEFORE, inward: 0, outward: 0 } });
  expect(seen).toEqual([expect.stringContaining('1 connection through the mesh (1 from clients) left after 0.0 s')]);
});
