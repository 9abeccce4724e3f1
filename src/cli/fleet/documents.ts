import type { FleetPlan } from '../../fleet/plan.ts';
import type { FleetReport, VmEnd } from '../../operations/fleet/event.ts';
import { present } from '../../present.ts';
import { problemRecord } from '../print.ts';

/** A joint plan for programs. */
export function planDocument({ fleet, vms, batches, removed, removedAt, prunes }: FleetPlan, hash: string): object {
  const planned = vms.map(({ vm, status, lines, extra, problem }) => ({
    ...{ vm, status, changes: lines, ...present({ extraServices: extra }) },
    ...(problem && { problem: problemRecord(problem) }),
  }));
  return { fleet, hash, batches, vms: planned, removed, ...present({ removedAt }), prunes };
}

/** The result of a run for programs. */
export function reportDocument({ fleet, hash, ends, stopped }: FleetReport): object {
  return { fleet, hash, vms: ends.map(endDocument), ...present({ stopped }) };
}

function endDocument({ vm, status, reason, report }: VmEnd): object {
  const { namespace, group, address, cluster = [], phases = [], problem, ms } = report ?? {};
  const changes = [...cluster, ...phases.filter(({ kind }) => kind === 'step').flatMap((phase) => phase.changes)];
  return {
    ...{ vm, status, ...present({ reason, namespace, group, address }), changes },
    ...(problem && { problem: problemRecord(problem) }),
    ...present({ ms }),
  };
}
