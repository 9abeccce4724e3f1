import type { Kind } from '../kind.ts';
import { ownChange } from './file.ts';
import { isGiven, sameOwnerAndMode } from './owner.ts';
import { shellFile } from '../../text-files.ts';

/** A directory with this owner and mode, and any content. */
export interface DirectoryWant {
  readonly kind: 'directory';
  readonly path: string;
  /** `user` or `user:group`. */
  readonly owner: string;
  /** Octal, as `chmod` takes it: `0755`. */
  readonly mode: string;
  /** Only the sidecar fills it: if it was absent before, an undo removes it with all its content. */
  readonly contents?: 'ours';
  /** Ids of resources whose change may give the directory to another user (`package:istio-sidecar`): its owner is set again after them. */
  readonly after?: readonly string[];
}

export const CREATE = shellFile(new URL('./directory-create.root.sh', import.meta.url));

/** Creates missing parents too, with the mode of the system's directories. */
export const directory: Kind<DirectoryWant> = {
  id: (want) => `directory:${want.path}`,
  probe: ({ path }) => ({ name: 'directory', args: [path], sees: path }),
  touches: ({ path, contents }) => ({ paths: [path], ...(contents && { trees: [path] }) }),

  changes(want, answer, touched) {
    if (sameOwnerAndMode(answer.stdout, want) && !isGiven(want, touched)) return [];
    if (/^\S+ \d+$/.test(answer.stdout.trim())) return [ownChange(want)];
    const script = { ...CREATE, args: [want.owner, want.mode, want.path] };
    return [{ summary: `create ${want.path}`, scripts: [{ script }] }];
  },
};
