import { known } from '../problems.ts';

/** What can be wrong when a machine leaves the mesh, or its sidecar restarts. */
export const leavingProblems = {
  restartEndsConnections: known(
    'restart-ends-connections',
    (d: { vm: string; connections: string; again: string }) => ({
      message: `The sidecar of ${d.vm} must be restarted, which ends ${d.connections}. Nothing was changed.`,
      hint: `Drain and restart it: ${d.again} --restart`,
    }),
  ),
  differenceLeft: known('difference-left', (d: { vm: string; differences: readonly string[] }) => ({
    message: `${d.vm} differs from its pre-join snapshot: ${d.differences.length} difference${d.differences.length === 1 ? '' : 's'}.`,
    hint: `Find what made each one, and compare again: meshx down ${d.vm} --verify. Until nothing differs, the snapshot stays on the VM in /var/lib/meshx/undo/before.gz; to remove it without a comparison: meshx down ${d.vm}. To restore a file that meshx kept because something else had changed it: meshx down ${d.vm} --restore PATH`,
    issues: d.differences,
  })),
  pathNotKept: known('path-not-kept', (d: { vm: string; paths: readonly string[]; kept: readonly string[] }) => ({
    message: `${d.paths.join(', ')} of ${d.vm} ${d.paths.length === 1 ? 'was' : 'were'} not changed by anything else since meshx changed it. Nothing was changed.`,
    hint: `Name files that the plan lists as changed since (${d.kept.length === 0 ? 'there are none' : d.kept.join(', ')}): meshx down ${d.vm} --dry-run`,
  })),
  notConfirmed: known('not-confirmed-by-you', (d: { subject: string; review: string }) => ({
    message: `${d.subject} was left unchanged: you answered no.`,
    hint: `See what would be done: ${d.review}`,
  })),
  noFormerPackage: known('no-former-package', (d: { vm: string; present?: string }) => ({
    message: `${d.vm} keeps no earlier package to roll back to${d.present === undefined ? '' : `: ${d.present} is the first one meshx installed there`}.`,
    hint: `Install the package you want: meshx setup-vm ${d.vm} --package FILE --restart`,
  })),
  packageNotChanged: known('package-not-changed', (d: { vm: string; command: string }) => ({
    message: `The last run of meshx ${d.command} on ${d.vm} did not change its package. Nothing was changed.`,
    hint: `To roll it back to its previous package anyway: meshx rollback ${d.vm}`,
  })),
  packageReplaced: known('package-replaced-since', (d: { vm: string; command: string }) => ({
    message: `${d.vm} has another package than the last run of meshx ${d.command} installed. Nothing was changed.`,
    hint: `See what was installed, when and by whom: meshx audit ${d.vm}`,
  })),
  notOfTheMesh: known('not-of-the-mesh', (d: { vm: string }) => ({
    message: `${d.vm} has not joined a mesh: it has no cluster.env.`,
    hint: `Join it with: meshx setup-vm ${d.vm}`,
  })),
};
