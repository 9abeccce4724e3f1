import type { Output } from '../../host/run/host.ts';
import type { Kind } from '../kind.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { sha256 } from '../sha256.ts';
import { isGiven, sameOwnerAndMode } from './owner.ts';
import { shellFile } from '../../text-files.ts';

/** A kind that edits part of a text file of another owner. */
export interface Edit<Want> {
  id(want: Want): string;
  path(want: Want): string;
  /** The whole text after the edit; equal to `text` if it is up to date. */
  edit(text: string, want: Want): string;
  /** Absent: the file keeps the owner and mode that it has. */
  owner?(want: Want): { readonly owner: string; readonly mode: string; readonly after?: readonly string[] } | undefined;
  /** `text` is the current content. */
  summary(want: Want, text: string): string;
  /** Extended regular expression of the lines that the edit replaces; without it a file that appeared is left alone. */
  replaces?(want: Want): string;
}

export const WRITE = shellFile(new URL('./text-write.root.sh', import.meta.url));

/** Text and owner of the file by the probe; `undefined` if it does not exist. */
interface Found {
  readonly ownerAndMode: string;
  readonly digest: string;
  readonly text: string;
}

/** Builds the kind. Several resources may edit one file: `expects` gives the plan its expected text. */
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
          scripts: [{ script: { ...WRITE, args }, stdin: text }],
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

/** The text of the file by the probe; empty if it does not exist. */
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
