import { known } from '../problems.ts';
import { placedCommand, type PlacedCommand } from './placed-command.ts';

/** What can be wrong with what a VM says about its place in the mesh. */
export const membershipProblems = {
  unreadable: known('membership-unreadable', (d: { vm: string; fields: readonly string[] }) => ({
    message: `/var/lib/meshx/membership of ${d.vm} cannot be read: ${d.fields.length === 0 ? 'it is not a meshx record' : `wrong ${d.fields.join(', ')}`}. Nothing was changed.`,
    hint: `Remove the file on the VM, then join the VM again to recreate it: meshx setup-vm ${d.vm}`,
  })),
  disagrees: known('membership-disagrees', (d: PlacedCommand & { values: readonly string[] }) => ({
    message: `The sources disagree about ${d.vm}, so its cluster objects cannot be identified. Nothing was changed.`,
    hint: `Give the correct values: ${placedCommand(d)}`,
    issues: d.values,
  })),
  unconfirmed: known(
    'membership-unconfirmed',
    (d: PlacedCommand & { values: readonly string[]; writes: readonly string[] }) => ({
      message: `The cluster does not confirm that ${d.vm} owns what would be removed: ${d.writes.join('; ')}. Nothing was changed.`,
      hint: `If it does, give its place explicitly: ${placedCommand(d)}`,
      issues: d.values,
    }),
  ),
};
