import type { Output } from '../../host/host.ts';
import { CHANGED_SINCE, INCOMPLETE } from '../exit-codes.ts';
import type { Kind } from '../kind.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { sha256 } from '../sha256.ts';
import { isGiven, sameOwnerAndMode } from './owner.ts';

/** A kind that changes part of a text file that belongs to someone else. */
export interface Edit<Want> {
  id(want: Want): string;
  path(want: Want): string;
  /** The whole text after the edit; equal to `text` when all is up to date. */
  edit(text: string, want: Want): string;
  /** Absent: the file keeps the owner and mode that it has. */
  owner?(want: Want): { readonly owner: string; readonly mode: string; readonly after?: readonly string[] } | undefined;
  /** `text` is what the file holds now. */
  summary(want: Want, text: string): string;
  /** Extended regular expression of the lines that the edit replaces; without it a file that appeared is left alone. */
  replaces?(want: Want): string;
}

// Owner and mode, digest, then the text itself. A link is followed: the file behind it is edited. The digest is asked anew, so
// that a change since the first look is not taken for a text that came damaged.
export const PROBE = `place "$1" all || return
test -e "$P" || return 0
owned "$1" && digest_of "$1" && held "$P" text_of /proc/self/fd/9 && A=$OWNED$_newline$SUM$_newline$TEXT`;

// The edit was computed from a text; when someone changed the file since, it would undo their change. A file that was not
// there and is now came with a package of the same plan: what stands in it stays, and our lines go behind it.
const WRITE = `owner=$1 mode=$2 sum=$3 text=input
place "$4" all || exit
at=$W
digest_of "$at" || exit
if test "$SUM" != "$5"; then
  { test "$5" = - && test -n "$6"; } || { echo "$4 was changed by another program a moment ago" >&2; exit ${CHANGED_SINCE}; }
  ours=$(input; echo x)
  test "$(printf %s "\${ours%x}" | sha256sum | cut -c 1-64)" = "$sum" || { echo "$4: not all of it arrived" >&2; exit ${INCOMPLETE}; }
  all=$(held "$P" _shown | awk 1 | grep -v -E -e "$6"; printf %s "$ours")
  merged() { printf %s "\${all%x}"; }
  text=merged sum=$(merged | sha256sum | cut -c 1-64)
fi
if test "$owner" = -; then
  mode=0644
  if test -e "$P"; then owner_mode_of "$at" && owner=\${OWNED% *} mode=\${OWNED#* } || exit; fi
  test "$owner" != - || owner=$(root_owner)
fi
put "$owner" "$mode" "$sum" "$at" "$text" "$SUM"`;

/** Text and owner of the file as the probe saw them; `undefined` when there is no such file. */
interface Found {
  readonly ownerAndMode: string;
  readonly digest: string;
  readonly text: string;
}

/** Builds the kind. Several resources may edit one file: `expects` tells the plan what the file will look like. */
export function editKind<Want>(edit: Edit<Want>): Kind<Want> {
  return {
    id: (want) => edit.id(want),
    probe: (want) => ({ name: 'text', args: [edit.path(want)], sees: edit.path(want) }),
    touches: (want) => ({ paths: [edit.path(want)] }),
    shared: (want) => edit.path(want),

    changes(want, answer, touched) {
      const found = parse(answer, edit.path(want));
      const text = edit.edit(found?.text ?? '', want);
      const wanted = edit.owner?.(want);
      const rightOwner =
        wanted === undefined ||
        (found !== undefined && sameOwnerAndMode(found.ownerAndMode, wanted) && !isGiven(wanted, touched));
      if (found !== undefined ? text === found.text && rightOwner : text === '' && wanted === undefined) return [];
      const { owner, mode } = wanted ?? { owner: '-', mode: '-' };
      const args = [owner, mode, sha256(text), edit.path(want), found?.digest ?? '-', edit.replaces?.(want) ?? ''];
      return [
        {
          summary: edit.summary(want, found?.text ?? ''),
          scripts: [{ script: { name: 'text-write', text: WRITE, args }, stdin: text }],
        },
      ];
    },

    expects(want, answer) {
      const found = parse(answer, edit.path(want));
      const text = edit.edit(found?.text ?? '', want);
      const wanted = edit.owner?.(want);
      const ownerAndMode = wanted
        ? `${wanted.owner} ${wanted.mode.padStart(4, '0')}`
        : (found?.ownerAndMode ?? 'root:root 0644');
      return { ...answer, stdout: `${ownerAndMode}\n${sha256(text)}\n${text}` };
    },
  };
}

/** The text of the file as the probe saw it; empty when there is none. */
export function textOf(answer: Output, path: string): string {
  return parse(answer, path)?.text ?? '';
}

function parse(answer: Output, path: string): Found | undefined {
  if (answer.stdout === '') return undefined;
  const [ownerAndMode = '', digest = ''] = answer.stdout.split('\n', 2);
  const text = answer.stdout.slice(ownerAndMode.length + digest.length + 2);
  // A text that is not UTF-8 comes back with other bytes: it would be written back damaged.
  if (sha256(text) !== digest) throw reconcileProblems.fileNotText({ path });
  return { ownerAndMode, digest, text };
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [WRITE];

/** Those that may run together with others. */
export const TOGETHER: readonly string[] = [WRITE];
