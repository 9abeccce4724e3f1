import { CHANGED_SINCE } from '../exit-codes.ts';
import type { Kind } from '../kind.ts';
import { ownSummary } from './file.ts';
import { isGiven, sameOwnerAndMode } from './owner.ts';

/** A file that has this owner and mode where it is there; what stands in it is not changed, and a missing one is not made. */
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

/**
 * OWNER MODE SHA256 PATH: the file anew, with the text that it had when it was looked at: a process of its former owner may
 * still have the old one open. The journal is not told, as the text need not be of meshx.
 */
const KEEP = `umask 077
_text_of_it() { cat /proc/self/fd/9; }
place "$4" && name=\${P#./} at=$W || exit
{ test ! -h "$P" && test -f "$P" && test "$(stat -c %h -- "$P")" = 1; } || { echo "$4 is no plain file with a single name" >&2; exit 1; }
_stage && held "../$name" _text_of_it > new && _digested new || exit
test "$_sum" = "$3" || { echo "$4 was changed by another program a moment ago" >&2; exit ${CHANGED_SINCE}; }
_own "$1" "$2" new "$at" && _to_disk -d new && mv -fT -- new "../$name" || exit
! live || ! command -v restorecon >/dev/null || restorecon -- "../$name" || :`;

export const keptFile: Kind<KeptFileWant> = {
  id: (want) => `kept-file:${want.path}`,
  probe: ({ path }) => ({ name: 'file', args: [path], sees: path }),
  touches: ({ path }) => ({ paths: [path] }),

  changes(want, answer, touched) {
    const [found = '', digest = ''] = answer.stdout.split('\n');
    if (found === '' || (sameOwnerAndMode(found, want) && !isGiven(want, touched))) return [];
    const script = { name: 'file-keep', text: KEEP, args: [want.owner, want.mode, digest, want.path] };
    return [{ summary: ownSummary(want), scripts: [{ script }] }];
  },
};

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [KEEP];
