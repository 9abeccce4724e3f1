import fc from 'fast-check';
import { fleetPlanHash } from '../../../src/fleet/approval.ts';
import type { FleetPlan } from '../../../src/fleet/plan.ts';
import { formatRecord, readRecord } from '../../../src/fleet/record.ts';
import { isRestOfRun, packApproval } from '../../../src/operations/fleet/kept-approval.ts';

const plan = (digests: readonly string[], vms = 1): FleetPlan => ({
  ...{ fleet: 'shop', rollout: {}, batches: [], removed: [], prunes: false },
  vms: Array.from({ length: vms }, (_, index) => ({
    ...{ vm: `web-${index}`, status: 'changes' as const, lines: [] },
    digests: digests.map((digest) => `${digest}${index}`.padStart(16, '0')),
  })),
});
const run = { command: 'fleet apply', who: 'anna', plan: '', began: '', vms: {} };

test('a record keeps what was approved, and another text in its place approves nothing', () => {
  const [whole, other] = [plan(['install', 'start']), plan(['install another'])];
  const kept = readRecord(formatRecord({ members: {}, run, approval: packApproval(whole) }));
  if ('reason' in kept) throw new Error(kept.reason);
  expect(isRestOfRun(plan(['start']), kept, fleetPlanHash(whole))).toBe(true);
  expect(isRestOfRun(other, kept, fleetPlanHash(whole))).toBe(false);
  const forged = { members: {}, run: { ...run, plan: fleetPlanHash(whole) }, approval: packApproval(other) };
  expect(isRestOfRun(other, forged, fleetPlanHash(whole))).toBe(false);
});

test('no text of a record makes a plan the rest of an approved one, or throws', () => {
  const [whole, hash] = [plan(['install']), fleetPlanHash(plan(['start']))];
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (approval) => {
      expect(isRestOfRun(whole, { members: {}, run, approval }, hash)).toBe(false);
    }),
  );
});

test('an approval of 500 VMs fits into the record; one that does not fit is left out', () => {
  const digests = Array.from({ length: 35 }, (_, index) => `c${index}`);
  const vms = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`web-${index}`, 'waiting' as const]));
  const record = formatRecord({ members: {}, run: { ...run, vms }, approval: packApproval(plan(digests, 500)) });
  expect(Object.values(record).join('').length).toBeLessThan(240_000);
  expect(readRecord(record)).toMatchObject({ approval: expect.any(String) });
  const without = readRecord(formatRecord({ members: {}, run, approval: 'A'.repeat(260_000) }));
  expect(without).toEqual({ members: {}, run });
});
