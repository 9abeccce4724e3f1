import type { FleetPlan } from '../../src/fleet/plan.ts';
import { formatFleetStatus } from '../../src/cli/fleet/status-table.ts';
import { failureLines, formatDiff, formatPlan, formatRecap } from '../../src/cli/fleet/text.ts';
import { cliProblems } from '../../src/problems/cli.ts';
import { expectGolden } from '../support/golden.ts';

const problem = cliProblems.vmNotFound({ vm: 'db-3', looked: [] });
const plan: FleetPlan = {
  fleet: 'shop',
  rollout: {},
  vms: [
    {
      vm: 'db-1',
      status: 'new',
      lines: ['create WorkloadGroup shop/db-1', 'create /etc/logrotate.d/meshx'],
      digests: ['a'],
    },
    { vm: 'db-2', status: 'changes', lines: ['install istio-sidecar 1.30.4'], digests: ['b'] },
    { vm: 'db-3', status: 'failed', lines: [], digests: [], problem },
    { vm: 'web-1', status: 'unchanged', lines: [], digests: ['c'] },
  ],
  batches: [
    { canary: true, vms: ['web-1'] },
    { canary: false, vms: ['db-1', 'db-2'] },
    { canary: false, vms: ['db-3'] },
  ],
  removed: ['old-1'],
  prunes: false,
};

test('a plan shows its batches, and every VM with its number of changes', () => {
  expectGolden(
    'cli/fleet/plan.txt',
    formatPlan(plan, '3f9a0c2b7d1e4f586b2d8c07a95e13f4', 'meshx fleet apply fleet.yaml').join('\n'),
  );
});

test('a difference shows every change', () => {
  expectGolden('cli/fleet/diff.txt', formatDiff(plan).join('\n'));
});

test('a fleet without changes says so', () => {
  const empty: FleetPlan = { ...plan, vms: plan.vms.slice(3), batches: [], removed: [] };
  expect(formatPlan(empty, '3f9a0c2b7d1e4f586b2d8c07a95e13f4', 'meshx fleet apply fleet.yaml').at(-1)).toBe(
    'The plan is empty: the fleet is up to date.',
  );
  expect(formatDiff(empty)).toEqual(['The fleet is as its file.']);
});

/** A VM that failed. */
const report = {
  vm: 'db-1',
  status: 'failed' as const,
  cluster: [],
  phases: [],
  results: [],
  notes: [],
  done: [],
  ms: 1234,
};

test('a recap counts the VMs, and says why VMs failed and were skipped', () => {
  const reason = '1 VM failed, and max-fail is 0';
  const ends = [
    { vm: 'web-1', status: 'unchanged' as const },
    { vm: 'db-1', status: 'failed' as const, report: { ...report, problem } },
    { vm: 'db-2', status: 'skipped' as const, reason },
    { vm: 'db-3', status: 'skipped' as const, reason },
  ];
  expectGolden('cli/fleet/recap.txt', formatRecap({ fleet: 'shop', hash: '', ends, stopped: reason }).join('\n'));
});

test('a failure names the checks that failed, and not what was done', () => {
  const issues = ['mysqldb:3306 is reached through the mesh: it accepts no connection', 'done: create /etc/certs'];
  const failed = cliProblems.checkFailed({ vm: 'db-1', failed: issues });
  expect(failureLines({ vm: 'db-1', status: 'failed', report: { ...report, problem: failed } })).toEqual([
    `db-1: ${failed.message} ${failed.hint} (check-failed)`,
    'db-1: mysqldb:3306 is reached through the mesh: it accepts no connection',
  ]);
  expect(failureLines({ vm: 'db-1', status: 'failed', report })).toEqual(['db-1: its checks after the soak failed']);
});

test('the status of a fleet shows its last run and where each VM is', () => {
  const run = {
    command: 'fleet apply',
    who: 'anna@laptop',
    plan: '3f9a0c2b7d1e4f586b2d8c07a95e13f4',
    began: '2026-12-01T09:00:00.000Z',
  };
  const vms = [
    {
      vm: 'db-1',
      membership: 'member' as const,
      namespace: 'shop',
      group: 'db-1',
      state: 'ready' as const,
      lastRun: 'changed' as const,
    },
    { vm: 'web-1', membership: 'waiting' as const, lastRun: 'waiting' as const },
    { vm: 'old-1', membership: 'removed' as const, namespace: 'shop', group: 'old-1' },
  ];
  expectGolden('cli/fleet/status.txt', formatFleetStatus({ fleet: 'shop', vms, run }).join('\n'));
});
