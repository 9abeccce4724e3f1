import type { Kind } from '../kind.ts';
import { ownSummary } from './file.ts';
import { isGiven, sameOwnerAndMode } from './owner.ts';
import { shellFile } from '../../text-files.ts';

/** An existing file with this owner and mode. Its content is not changed, and a missing file is not created. */
export interface KeptFileWant {
  readonly kind: 'kept-file';
  readonly path: string;
  /** `user` or `user:group`. */
  readonly owner: string;
  /** Octal, as `chmod` takes it: `0644`. */
  readonly mode: string;
  /** Ids of resources whose change may give the file to another user (`package:istio-sidecar`): its owner is set again after them. */
  readonly after?: readonly string[];
}

const KEEP = shellFile(new URL('./file-keep.root.sh', import.meta.url));

export const keptFile: Kind<KeptFileWant> = {
  id: (want) => `kept-file:${want.path}`,
  probe: ({ path }) => ({ name: 'file', args: [path], sees: path }),
  touches: ({ path }) => ({ paths: [path] }),

  changes(want, answer, touched) {
    const [found = '', digest = ''] = answer.stdout.split('\n');
    if (found === '' || (sameOwnerAndMode(found, want) && !isGiven(want, touched))) return [];
    const script = { ...KEEP, args: [want.owner, want.mode, digest, want.path] };
    return [{ summary: ownSummary(want), scripts: [{ script }] }];
  },
};
