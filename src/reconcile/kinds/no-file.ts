import type { Kind } from '../kind.ts';
import { shellFile } from '../../text-files.ts';

/** A file of an earlier run that must be gone. */
export interface NoFileWant {
  readonly kind: 'no-file';
  readonly path: string;
}

const REMOVE = shellFile(new URL('../undo/undo-remove.root.sh', import.meta.url));

export const noFile: Kind<NoFileWant> = {
  id: (want) => `no-file:${want.path}`,
  probe: ({ path }) => ({ name: 'file', args: [path], sees: path }),
  touches: ({ path }) => ({ paths: [path] }),

  changes({ path }, answer) {
    const [found = '', digest = ''] = answer.stdout.split('\n');
    const script = { ...REMOVE, args: [path, digest] };
    return found === '' ? [] : [{ summary: `remove ${path}`, scripts: [{ script }] }];
  },
};
