import { approvalText, fleetPlanHash, isRestOfApproved, readApproval } from '../../src/fleet/approval.ts';
import type { FleetPlan, PlannedVm } from '../../src/fleet/plan.ts';

function vm(name: string, digests: readonly string[], status: PlannedVm['status'] = 'changes'): PlannedVm {
  return { vm: name, status: digests.length === 0 ? 'unchanged' : status, lines: [...digests], digests };
}

const FIRST = ['create the group', 'install', 'start'];
const approved: FleetPlan = {
  fleet: 'shop',
  rollout: { serial: 1, canary: { hosts: ['a'] } },
  vms: [vm('a', FIRST), vm('b', FIRST), vm('c', [])],
  batches: [
    { canary: true, vms: ['a'] },
    { canary: false, vms: ['b'] },
  ],
  removed: ['old'],
  removedAt: { old: '10.0.0.7' },
  prunes: true,
};
const HASH = fleetPlanHash(approved);
const approval = readApproval(approvalText(approved), HASH)!;

test.each<[string, FleetPlan]>([
  ['all of it', approved],
  ['without the VM that is done', { ...approved, vms: [vm('a', []), vm('b', FIRST), vm('c', [])] }],
  ['with the rest of a VM that was begun', { ...approved, vms: [vm('a', ['start']), vm('b', FIRST), vm('c', [])] }],
  [
    'without the object that the first VM has created for all',
    { ...approved, vms: [vm('a', []), vm('b', ['install']), vm('c', [])] },
  ],
  ['without the member that has left', { ...approved, removed: [], removedAt: {} }],
  [
    'when only the canary is left',
    { ...approved, vms: [vm('a', ['start']), vm('b', []), vm('c', [])], batches: [{ canary: true, vms: ['a'] }] },
  ],
])('a plan is the rest of an approved one: %s', (_what, plan) => {
  expect(isRestOfApproved(plan, approval)).toBe(true);
});

test.each<[string, FleetPlan]>([
  [
    'one VM has a change with another content',
    { ...approved, vms: [vm('a', ['install another']), vm('b', []), vm('c', [])] },
  ],
  ['a VM without changes has one', { ...approved, vms: [vm('a', []), vm('b', []), vm('c', ['start'])] }],
  [
    'a change belongs to another VM',
    { ...approved, vms: [vm('a', []), vm('b', ['start', 'install'], 'new'), vm('c', FIRST)] },
  ],
  ['there is one VM more', { ...approved, vms: [...approved.vms, vm('d', [])] }],
  ['a VM is missing', { ...approved, vms: approved.vms.slice(0, 2) }],
  ['another member leaves', { ...approved, removed: ['old', 'b-old'] }],
  ['the member that leaves has another address', { ...approved, removedAt: { old: '10.0.0.8' } }],
  ['the canary does not go first', { ...approved, batches: [{ canary: false, vms: ['a', 'b'] }] }],
  ['more VMs may fail', { ...approved, rollout: { ...approved.rollout, 'max-fail': 3 } }],
  ['it is another fleet', { ...approved, fleet: 'other' }],
])('a plan is not the rest of an approved one when %s', (_what, plan) => {
  expect(isRestOfApproved(plan, approval)).toBe(false);
});

test('an approval is read only with its own hash', () => {
  const other = approvalText({ ...approved, vms: [vm('a', ['install another'])] });
  expect(readApproval(other, HASH)).toBeUndefined();
  expect(readApproval(`${approvalText(approved)} `, HASH)).toBeUndefined();
});

test('the hash covers the content of each change, the rollout and the members that leave', () => {
  const others: readonly FleetPlan[] = [
    { ...approved, vms: [vm('a', ['install another', ...FIRST.slice(1)]), ...approved.vms.slice(1)] },
    { ...approved, rollout: {} },
    { ...approved, removedAt: {} },
    { ...approved, batches: approved.batches.slice(1) },
  ];
  expect(new Set([approved, ...others].map(fleetPlanHash)).size).toBe(others.length + 1);
});
