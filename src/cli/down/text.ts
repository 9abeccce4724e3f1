import type { LeaveEvent, LeaveNote, Removal } from '../../operations/leave/report.ts';
import type { Place } from '../../operations/membership/member.ts';
import { formatDifference } from '../../reconcile/undo/compare.ts';
import { IGNORED } from '../../reconcile/undo/ignored.ts';
import type { Lines } from '../../world.ts';
import { linesOfChange, type Telling } from '../change-text.ts';
import { underHeadings } from '../headings.ts';
import { changesOf, type PrintedReport } from '../vm-report.ts';

/** Printed when the cluster's side fails. */
export const VM_ALONE = 'note: to restore only the machine, without the cluster: --vm-only';

/** Where a removal is printed, and whether in full. */
export interface TellingLeave extends Telling {
  /** With `--verbose`: also what no comparison covers. */
  readonly isVerbose: boolean;
}

/** Prints the events while a VM leaves. */
export function tellLeave(telling: TellingLeave): (event: LeaveEvent) => void {
  return underHeadings(telling.say, (event: LeaveEvent) => linesOf(event, telling));
}

function linesOf(event: LeaveEvent, telling: TellingLeave): Lines | undefined {
  const { vm } = telling;
  switch (event.kind) {
    case 'notes':
      return event.notes.flatMap((note) => noteLines(vm, note)).map((line) => `note: ${line}`);
    case 'unreachable':
      if (event.side === 'cluster') return VM_ALONE;
      return `note: if ${vm} is gone for good, clean up its cluster with: meshx down ${vm} --cluster-only`;
    case 'compared':
      return comparedLines(event, telling);
    default:
      return linesOfChange(event, telling);
  }
}

/** Next to a difference, a person wants to know all that was left out. */
function comparedLines(
  { differences, rewritten, remade }: Extract<LeaveEvent, { kind: 'compared' }>,
  { isVerbose }: TellingLeave,
): readonly string[] {
  const why = 'it existed before, and its program rewrites it';
  const ignored = IGNORED.map(({ area, matches, reason }) => `not compared: ${area} ${matches} (${reason})`);
  const count = `not compared: ${ignored.length} patterns of files, units and settings that the system itself changes (listed with -v)`;
  return [
    ...differences.map(formatDifference),
    ...rewritten.map(({ name }) => `not compared: content of ${name} (${why})`),
    ...remade.map(({ difference, reason }) => `after a reboot: ${formatDifference(difference)} (${reason})`),
    ...(isVerbose || differences.length > 0 ? ignored : [count]),
  ].map((line) => `    ${line}`);
}

/** A note as the lines of a report. */
export function noteLines(vm: string, note: LeaveNote): readonly string[] {
  switch (note.kind) {
    case 'remark':
    case 'group-stays':
      return [note.text];
    case 'kept':
      return [
        `${note.path} is kept: ${note.reason}`,
        `  undo it anyway: meshx down ${vm} --restore ${note.path}; or keep it: meshx down ${vm} --keep ${note.path}`,
      ];
    case 'audit-goes':
      return [`the audit of ${vm} is removed too; to save it: meshx audit ${vm} --export FILE`];
    case 'cluster-left':
      return [
        `The cluster still has objects that meshx created for it; delete them with: meshx down ${vm} --cluster-only${placeWords(note.place)}`,
      ];
    case 'machine-left':
      return [`If the machine comes back, restore it with: meshx down ${vm} --vm-only`];
    case 'group-left':
      return [
        `To delete the objects of WorkloadGroup ${note.namespace}/${note.group}: meshx down ${vm} --cluster-only${placeWords(note)}`,
      ];
  }
}

function placeWords({ namespace, group, address }: Place): string {
  const words = { '-n': namespace, '--workload-group': group, '--vm-address': address };
  return Object.entries(words)
    .map(([option, value]) => (value === undefined ? '' : ` ${option} ${value}`))
    .join('');
}

/** The last line for a VM that leaves. */
export function formatDownEnd({ vm, status, cluster, steps, notes, ms }: PrintedReport): string {
  const changes = cluster.length + changesOf(steps);
  const words = {
    planned: changes === 0 ? 'nothing to do' : `${changes} changes planned; nothing changed`,
    // What stays, and who decides about it, is said below.
    unchanged: notes.length > 0 ? 'nothing to do' : 'nothing to do: meshx left nothing here',
    changed: `left the mesh, ${changes} changes`,
    failed: `failed after ${changes} changes`,
  };
  return `${vm}: ${words[status]} (${(ms / 1000).toFixed(1)} s)`;
}

/** Everything that a removal changes. */
export function formatRemoval({ cluster, onVm }: Removal): string {
  const undo = onVm === 0 ? [] : [`undo ${onVm} change${onVm === 1 ? '' : 's'} on the VM`];
  return [...cluster, ...undo].join(', ');
}
