import { withReport } from '../../../src/operations/fleet/leave-members.ts';
import { leavingProblems } from '../../../src/problems/leaving.ts';
import type { LeaveReport } from '../../../src/operations/leave/report.ts';

const LEFT: LeaveReport = {
  ...{ vm: 'web-1', status: 'changed', ms: 1 },
  ...{ cluster: [], phases: [], results: [], notes: [], done: [] },
};
const END = { vm: 'web-1', status: 'changed', report: LEFT } as const;

test('a VM with which the group of several VMs should have gone has failed if that failed', () => {
  const problem = leavingProblems.notOfTheMesh({ vm: 'web-1' });
  const report = { ...LEFT, status: 'failed', problem } as const;
  expect(withReport(END, report)).toEqual({ vm: 'web-1', status: 'failed', report });
  expect(withReport(END, LEFT)).toEqual(END);
  const skipped = { vm: 'web-2', status: 'skipped', reason: 'the run stopped' } as const;
  expect(withReport(skipped, undefined)).toEqual(skipped);
});
