import { known } from '../problems.ts';

/** What can be wrong when a machine leaves the mesh, or its sidecar restarts. */
export const leavingProblems = {
  restartEndsConnections: known(
    'restart-ends-connections',
    (d: { vm: string; connections: string; again: string }) => ({
      message: `The sidecar of ${d.vm} has to be restarted, and that ends ${d.connections}. Nothing was changed.`,
      hint: `Let it be drained and restarted: ${d.again} --restart`,
    }),
  ),
  differenceLeft: known('difference-left', (d: { vm: string; differences: readonly string[] }) => ({
    message: `${d.vm} is not as it was before its first setup-vm: ${d.differences.length} difference${d.differences.length === 1 ? '' : 's'}.`,
    hint: `Look who made each of them; what meshx left undone, because somebody changed it since, goes by: meshx down ${d.vm} --restore PATH`,
    issues: d.differences,
  })),
  pathNotKept: known('path-not-kept', (d: { vm: string; paths: readonly string[]; kept: readonly string[] }) => ({
    message: `${d.paths.join(', ')} of ${d.vm} ${d.paths.length === 1 ? 'was' : 'were'} not changed by others since meshx came. Nothing was changed.`,
    hint: `Name what stands in the plan as changed since (${d.kept.length === 0 ? 'nothing does' : d.kept.join(', ')}): meshx down ${d.vm} --dry-run`,
  })),
  notConfirmed: known('not-confirmed-by-you', (d: { vm: string; command?: string }) => ({
    message: `${d.vm} was left as it is: the answer was no.`,
    hint: `Read what would be done: ${d.command ?? `meshx down ${d.vm}`} --dry-run`,
  })),
  noFormerPackage: known('no-former-package', (d: { vm: string; present?: string }) => ({
    message: `${d.vm} keeps no former package to go back to${d.present === undefined ? '' : `: ${d.present} is the first that meshx installed there`}.`,
    hint: `Install the one that you want: meshx setup-vm ${d.vm} --package FILE --restart`,
  })),
  notOfTheMesh: known('not-of-the-mesh', (d: { vm: string }) => ({
    message: `${d.vm} says nothing about a mesh: it has no cluster.env.`,
    hint: `Take it in with: meshx setup-vm ${d.vm}`,
  })),
};
