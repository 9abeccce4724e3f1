import type { Kind } from '../kind.ts';
import { sha256 } from '../sha256.ts';
import { isGiven, sameOwner, sameOwnerAndMode } from './owner.ts';
import { shellFile } from '../../text-files.ts';

/** A file with exactly this content. */
export interface FileWant {
  readonly kind: 'file';
  readonly path: string;
  readonly content: string;
  /** `user` or `user:group`. */
  readonly owner: string;
  /** Octal, as `chmod` takes it: `0644`. */
  readonly mode: string;
  /** Paths that the machine creates because of the file (tmpfiles.d): ours, if they were absent before. */
  readonly makes?: readonly string[];
  /** Ids of resources whose change may give the file to another user (`package:istio-sidecar`): it is written again after them. */
  readonly after?: readonly string[];
}

export const WRITE = shellFile(new URL('./file-write.root.sh', import.meta.url));
export const OWN = shellFile(new URL('./own.root.sh', import.meta.url));

/** Compares content by digest, so that a probe never prints what a file holds. */
export const file: Kind<FileWant> = {
  id: (want) => `file:${want.path}`,
  probe: ({ path }) => ({ name: 'file', args: [path], sees: path }),
  touches: ({ path, makes }) => ({ paths: [path], ...(makes && { trees: makes }) }),

  changes(want, answer, touched) {
    const digest = sha256(want.content);
    const [found = '', foundDigest = ''] = answer.stdout.split('\n');
    const given = isGiven(want, touched);
    if (foundDigest === digest && sameOwnerAndMode(found, want) && !given) return [];
    // A file of another user is replaced: a process of theirs may still have the old one open.
    if (foundDigest === digest && sameOwner(found, want) && !given) return [ownChange(want)];
    const script = { ...WRITE, args: [want.owner, want.mode, digest, want.path] };
    const verb = found === '' ? 'create' : 'replace';
    const summary = foundDigest === digest ? ownSummary(want) : `${verb} ${want.path}`;
    return [{ summary, scripts: [{ script, stdin: want.content }] }];
  },
};

/** The change when only owner or mode differ. */
export function ownChange(want: { readonly path: string; readonly owner: string; readonly mode: string }) {
  const script = { ...OWN, args: [want.owner, want.mode, want.path] };
  return { summary: ownSummary(want), scripts: [{ script }] };
}

/** The summary of such a change. */
export function ownSummary(want: { readonly path: string; readonly owner: string; readonly mode: string }): string {
  return `set owner ${want.owner} and mode ${want.mode} of ${want.path}`;
}
