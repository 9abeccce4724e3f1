import { changesOf, type VmReport } from '../../operations/change/vm-report.ts';

/** The last line for a VM that leaves. */
export function formatDownEnd({ vm, status, cluster, steps, notes, ms }: VmReport): string {
  const changes = cluster.length + changesOf(steps);
  const words = {
    planned: changes === 0 ? 'nothing to do' : `${changes} changes are planned, nothing was changed`,
    // What stays, and who decides about it, is said below.
    unchanged: notes.length > 0 ? 'nothing to do' : 'nothing to do: meshx left nothing here',
    changed: `left the mesh, ${changes} changes`,
    failed: `failed after ${changes} changes`,
  };
  return `${vm}: ${words[status]} (${(ms / 1000).toFixed(1)} s)`;
}
