import { privateGroup } from '../../src/host/private-group.ts';

/** The mode bit with which the group of a file that a test makes lets other users change it; none where the group is the user's own. */
export const GROUP_BIT = process.getgid?.() === privateGroup() ? 0 : 0o020;
