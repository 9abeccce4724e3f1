import type { Decision } from '../../../src/operations/change/decision.ts';
import { Subject } from './subject.ts';

const ENTRY = { apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', name: 'web-10.0.0.5', namespace: 'vm' };
const LABEL = 'service.meshx.dev/web';

/** The events after a failure about the rotation. */
const ends = ({ events }: Subject) => events.filter(({ kind }) => kind === 'returned' || kind === 'not-returned');

function leavingOf(subject: Subject): NonNullable<Decision['drain']> {
  const { registry } = subject.decision().drain!;
  return { for: 'leave', stops: true, addresses: ['10.0.0.5'], registry, limitMs: 1000 };
}

test('open connections are reported before they are drained, with the limit', async () => {
  const subject = new Subject();
  const { phases } = await subject.change();
  expect(subject.events[0]).toEqual({
    kind: 'draining',
    connections: { inward: 2, outward: 0, seen: [], updates: 1 },
    limitMs: 1000,
  });
  expect(phases[0]).toMatchObject({ id: 'drain', seen: [expect.stringContaining('ended by themselves')] });
});

test('a VM that leaves without connections is drained too, and nothing is reported as open', async () => {
  const subject = new Subject();
  subject.vm.connections = 0;
  const { phases } = await subject.change({ drain: leavingOf(subject) });
  expect(phases.map(({ id }) => id)).toContain('drain');
  expect(subject.events.map(({ kind }) => kind)).not.toContain('draining');
  expect(subject.inRotation).toBe(false);
});

test.each([
  [0, 'changed', true],
  [1, 'skipped', false],
])(
  'a VM that leaves with %i connections left: its sidecar is stopped at once or with its units',
  async (left, status, stops) => {
    const subject = new Subject();
    subject.vm.left = left;
    const { phases, done } = await subject.change({ drain: leavingOf(subject) });
    expect(phases.find(({ id }) => id === 'stop')).toMatchObject({ status, seen: [] });
    expect(subject.vm.ran.includes('sidecar-end')).toBe(stops);
    expect(done.some((line) => line.startsWith('stop meshx-capture.service'))).toBe(stops);
    expect(subject.inRotation).toBe(false);
  },
);

test('a restart does not stop the sidecar by itself', async () => {
  const subject = new Subject();
  await subject.change();
  expect(subject.vm.ran).not.toContain('sidecar-end');
});

test('a VM whose restart is confirmed first returns after it, once', async () => {
  const subject = new Subject();
  const drain = { ...subject.decision().drain!, returns: 'after-confirm' } as Decision['drain'];
  const rotationAtCheck: boolean[] = [];
  subject.onCheck = () => rotationAtCheck.push(subject.inRotation);
  const { phases } = await subject.change({ drain });
  const ids = phases.map(({ id }) => id);
  expect(ids.filter((id) => id === 'return')).toHaveLength(1);
  expect(ids.indexOf('return')).toBeGreaterThan(ids.indexOf('confirm'));
  expect(rotationAtCheck).toEqual([false, false]);
  expect(subject.inRotation).toBe(true);
});

test('a VM that must be in rotation for the checks returns before them', async () => {
  const subject = new Subject();
  const rotationAtCheck: boolean[] = [];
  subject.onCheck = () => rotationAtCheck.push(subject.inRotation);
  const { phases } = await subject.change();
  expect(rotationAtCheck).toEqual([true, true]);
  expect(phases.filter(({ id }) => id === 'return')).toMatchObject([{ status: 'changed', seen: [] }]);
});

test('a VM that istiod has registered anew is in rotation already, and the report says so', async () => {
  const subject = new Subject();
  const drain = { ...subject.decision().drain!, returns: 'after-confirm' } as Decision['drain'];
  subject.onCheck = () => void subject.kube.patch(ENTRY, { labels: { [LABEL]: 'ready' } });
  const { phases } = await subject.change({ drain });
  expect(phases.find(({ id }) => id === 'return')?.seen).toEqual(['istiod has registered the VM anew, in rotation']);
});

test('after a failure before the return the VM returns to rotation', async () => {
  const subject = new Subject();
  subject.vm.faults.set('file', 'fails');
  await subject.change();
  expect(ends(subject)).toEqual([
    { kind: 'returned', changes: ['take web back into rotation (WorkloadEntry vm/web-10.0.0.5)'] },
  ]);
});

test('several services return together', async () => {
  const subject = new Subject();
  await subject.kube.patch(ENTRY, { labels: { 'service.meshx.dev/api': 'ready' } });
  subject.vm.faults.set('file', 'fails');
  await subject.change();
  expect(ends(subject)).toEqual([
    { kind: 'returned', changes: ['take api, web back into rotation (WorkloadEntry vm/web-10.0.0.5)'] },
  ]);
});

test('what istiod has returned already needs no write after a failure', async () => {
  const subject = new Subject();
  const drain = { ...subject.decision().drain!, returns: 'after-confirm' } as Decision['drain'];
  subject.onCheck = () => void subject.kube.patch(ENTRY, { labels: { [LABEL]: 'ready' } });
  subject.results = [{ ok: false, title: 'broken' }];
  await subject.change({ drain, guard: undefined });
  expect(ends(subject)).toEqual([{ kind: 'returned', changes: [] }]);
});

test.each<[string, (subject: Subject) => void, unknown]>([
  [
    'its sidecar is not ready',
    ({ vm }) => void (vm.ready = false),
    expect.stringContaining('its sidecar is not ready'),
  ],
  ['nothing is captured', ({ vm }) => void (vm.capture = false), expect.stringContaining('captures nothing')],
  ['the cluster refuses', ({ kube }) => void kube.refused.add('return'), expect.stringContaining('fake')],
  ['the VM cannot be asked', ({ vm }) => void vm.faults.set('ask', 'fails'), expect.any(String)],
])('after a failure the VM stays out of rotation, and the reason is reported: %s', async (_title, make, reason) => {
  const subject = new Subject();
  subject.vm.faults.set('file', 'fails');
  make(subject);
  const { problem } = await subject.change();
  expect(problem?.id).toBe('change-failed');
  expect(ends(subject)).toEqual([{ kind: 'not-returned', reason }]);
  expect(subject.inRotation).toBe(false);
});

test('a VM that leaves does not return after a failure, nor does one that never left or has returned', async () => {
  const leaving = new Subject();
  leaving.vm.faults.set('file', 'fails');
  await leaving.change({ drain: leavingOf(leaving) });
  expect([ends(leaving), leaving.inRotation]).toEqual([[], false]);

  const undrained = new Subject();
  undrained.vm.faults.set('file', 'fails');
  undrained.vm.connections = 0;
  await undrained.change();
  expect(ends(undrained)).toEqual([]);

  const returned = new Subject();
  returned.results = [{ ok: false, title: 'broken' }];
  await returned.change();
  expect(ends(returned)).toEqual([]);
});

test('without a cluster connections are drained all the same, and nothing returns', async () => {
  for (const fails of [false, true]) {
    const subject = new Subject();
    if (fails) subject.vm.faults.set('file', 'fails');
    const { registry: _, ...drain } = subject.decision().drain!;
    const { phases } = await subject.change({ drain });
    expect(phases.map(({ id }) => id)).toEqual(expect.arrayContaining(['drain']));
    expect(phases.map(({ id }) => id)).not.toContain('return');
    expect([ends(subject), subject.inRotation]).toEqual([[], true]);
  }
});
