import type { FleetStatus, FleetVmStatus } from '../../operations/fleet/fleet-status.ts';
import { formatTable } from '../table.ts';

/** A fleet as a table: its last run, then its VMs. */
export function formatFleetStatus({ fleet, vms, run, heldBy }: FleetStatus): readonly string[] {
  return [
    `Fleet ${fleet}: ${vms.length} VM${vms.length === 1 ? '' : 's'}`,
    ...(run ? [lastRun(run, heldBy)] : ['No run has changed it yet.']),
    '',
    ...formatTable([['VM', 'MEMBER', 'NAMESPACE', 'WORKLOADGROUP', 'STATE', 'LAST RUN'], ...vms.map(row)]).split('\n'),
  ];
}

const MEMBERSHIP: Readonly<Record<FleetVmStatus['membership'], string>> = {
  member: 'yes',
  waiting: 'not yet',
  removed: 'not in file',
};

function row({ vm, membership, namespace = '-', group = '-', state, lastRun: word }: FleetVmStatus): readonly string[] {
  const unknown = membership === 'waiting' ? '-' : 'unknown';
  return [vm, MEMBERSHIP[membership], namespace, group, state ?? unknown, word ?? '-'];
}

function lastRun(
  { command, who, began, ended, stopped, plan }: NonNullable<FleetStatus['run']>,
  heldBy?: string,
): string {
  const head = `Last run: meshx ${command} by ${who}, plan ${plan}, began ${began}`;
  if (ended !== undefined) return `${head}, ended ${ended}${stopped === undefined ? '' : `; stopped: ${stopped}`}`;
  return heldBy === undefined
    ? `${head}; it did not end: run the same command again`
    : `${head}; it is running, or its operator's machine has just gone away`;
}
