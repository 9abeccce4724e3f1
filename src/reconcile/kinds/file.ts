import type { Kind } from '../kind.ts';
import { sha256 } from '../sha256.ts';
import { isGiven, sameOwner, sameOwnerAndMode } from './owner.ts';

/** A file with exactly this content. */
export interface FileWant {
  readonly kind: 'file';
  readonly path: string;
  readonly content: string;
  /** `user` or `user:group`. */
  readonly owner: string;
  /** Octal, as `chmod` takes it: `0644`. */
  readonly mode: string;
  /** Paths that the machine makes because of what stands in the file (tmpfiles.d): ours, where they were absent before. */
  readonly makes?: readonly string[];
  /** Ids of resources whose change may give the file to another user (`package:istio-sidecar`): it is written again after them. */
  readonly after?: readonly string[];
}

// Nothing: no such file. `other`: a link, a directory, …; it is not looked through, the write decides.
export const PROBE = `place "$1" || return
if test -f "$P" && test ! -h "$P"; then owned "$1" && digested "$1" && say "$OWNED" && say "$SUM"
elif test -e "$P" || test -h "$P"; then say other; fi`;

/** OWNER MODE SHA256 PATH, the text on stdin. */
export const WRITE = 'put "$1" "$2" "$3" "$4"';
const OWN = 'own "$1" "$2" "$3"';

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
    // A file that another user owned is written anew: a process of theirs may still have the old one open.
    if (foundDigest === digest && sameOwner(found, want) && !given) return [ownChange(want)];
    const script = {
      name: 'file-write',
      text: WRITE,
      args: [want.owner, want.mode, digest, want.path],
    };
    const verb = found === '' ? 'create' : 'replace';
    const summary = foundDigest === digest ? ownSummary(want) : `${verb} ${want.path}`;
    return [{ summary, scripts: [{ script, stdin: want.content }] }];
  },
};

/** The change when only owner or mode differ. */
export function ownChange(want: { readonly path: string; readonly owner: string; readonly mode: string }) {
  const script = { name: 'own', text: OWN, args: [want.owner, want.mode, want.path] };
  return { summary: ownSummary(want), scripts: [{ script }] };
}

/** What such a change is called. */
export function ownSummary(want: { readonly path: string; readonly owner: string; readonly mode: string }): string {
  return `set owner ${want.owner} and mode ${want.mode} of ${want.path}`;
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [WRITE, OWN];

/** Those that may run together with others. */
export const TOGETHER: readonly string[] = [WRITE, OWN];
