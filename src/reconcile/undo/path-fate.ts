import type { ShellFile } from '../../text-files.ts';
import type { Change } from '../kind.ts';
import { sha256 } from '../sha256.ts';
import type { FoundPath, UndoFound } from './found.ts';
import { withoutEdits } from './line-merge.ts';
import type { PathState, UndoEntry, UndoJournal } from './record.ts';
import * as scripts from './undo-scripts.ts';

/** What an undo does about one path. */
export type Fate =
  | { readonly does: 'nothing' }
  /** `merges`: lines of something else stay in the file. */
  | { readonly does: 'change'; readonly change: Change; readonly goes: boolean; readonly merges?: boolean }
  /** `open`: someone has to decide; the journal waits for it. */
  | { readonly does: 'keep'; readonly reason: string; readonly open: boolean };

export type PathEntry = Extract<UndoEntry, { kind: 'path' }>;

export interface Judged {
  readonly journal: UndoJournal;
  readonly found: UndoFound;
  /** Restored on request, although someone changed it. */
  readonly told: boolean;
}

const NOTHING: Fate = { does: 'nothing' };
const OTHERS = 'it was changed by something else';

/** A change of one script. */
export function change(summary: string, script: ShellFile, ...args: readonly string[]): Change {
  return { summary, scripts: [{ script: { ...script, args } }] };
}

/** Files and links; for directories see directory-fate.ts. Pure. */
export function fileFate(entry: PathEntry, judged: Judged): Fate {
  const { path, before } = entry;
  const now = judged.found.paths[path];
  if (!now || before.is === 'other') return NOTHING;
  switch (before.is) {
    case 'absent':
      return absentFate(path, now, judged);
    case 'secret':
      return secretFate(path, before, now);
    case 'link':
      return linkFate(path, before.target, now, judged);
    case 'file':
      return presentFate(path, before, now, judged);
    default:
      return NOTHING;
  }
}

function absentFate(path: string, now: FoundPath, { journal, told }: Judged): Fate {
  if (now.state.is === 'absent') return NOTHING;
  const remove: Fate = {
    does: 'change',
    change: change(`remove ${path}`, scripts.FILE_REMOVE, path, digestOf(now)),
    goes: true,
  };
  if (told) return now.owned ? NOTHING : remove;
  if (isOurs(path, now, journal)) {
    // An edit of ours may have been made again around lines of someone else.
    const left = now.edits && now.text !== undefined ? withoutOthersBase(now) : '';
    if (left === '') return now.owned ? NOTHING : remove;
    return keep('it has lines from something else, and did not exist before');
  }
  if (journal.format === 1) return now.owned ? NOTHING : remove;
  return keep(`${OTHERS}, and did not exist before`);
}

/**
 * What is left of a file that was absent before when our edits are out. The first edit may have been made to a file
 * that a package of ours had brought a moment before: no one else wrote its text.
 */
function withoutOthersBase({ text = '', edits = [] }: FoundPath): string | undefined {
  const [first, ...more] = edits;
  const left = withoutEdits(text, edits);
  return first && more.length === 0 && left === (first.base ?? '') ? '' : left;
}

function secretFate(path: string, before: Extract<PathState, { is: 'secret' }>, now: FoundPath): Fate {
  if (now.state.is === 'absent' || (before.digest !== undefined && now.digest === before.digest)) return NOTHING;
  return {
    does: 'change',
    change: change(`remove the secret ${path}`, scripts.FILE_REMOVE, path, '-'),
    goes: true,
  };
}

function linkFate(path: string, target: string, now: FoundPath, { journal, told }: Judged): Fate {
  if (now.state.is === 'link' && now.state.target === target) return NOTHING;
  if (path.startsWith('/run/') && now.state.is === 'absent') return NOTHING;
  const ours = isOurs(path, now, journal);
  if (!ours && !told) return keep(now.state.is === 'absent' ? 'it was removed by something else' : OTHERS);
  return restore(change(`restore the link ${path}`, scripts.LINK_BACK, path, target));
}

function presentFate(path: string, before: Extract<PathState, { is: 'file' }>, now: FoundPath, judged: Judged): Fate {
  const { owner, mode, mtime } = before;
  const back = restore(change(`restore ${path}`, scripts.FILE_BACK, path, digestOf(now), owner, mode, mtime));
  if (judged.told && now.digest !== now.copy) return back;
  if (now.state.is === 'absent') return keep('it was removed by something else');
  if (now.state.is !== 'file') return keep(OTHERS);
  if (now.digest === now.copy) {
    if (now.state.owner === owner && now.state.mode === mode) return NOTHING;
    const summary = `set owner ${owner} and mode ${mode} of ${path}`;
    return restore(change(summary, scripts.FILE_BACK, path, digestOf(now), owner, mode, mtime));
  }
  const { edits = [], text } = now;
  if (edits.length <= 1 && isOurs(path, now, judged.journal)) return back;
  const left = text === undefined || edits.length === 0 ? undefined : withoutEdits(text, edits);
  if (left === undefined) return keep(OTHERS);
  if (sha256(left) === now.copy) return back;
  if (left === text) return NOTHING;
  const script = { ...scripts.TEXT_BACK, args: [path, digestOf(now), sha256(left)] };
  const made: Change = { summary: `remove meshx's lines from ${path}`, scripts: [{ script, stdin: left }] };
  return { does: 'change', change: made, goes: false, merges: true };
}

/** As meshx wrote it, or as a package of the journal brought it. */
function isOurs(path: string, now: FoundPath, { wrote }: UndoJournal): boolean {
  if (now.owned && now.edits === undefined) return true;
  const written = wrote[path] ?? [];
  if (now.state.is === 'link') return written.includes(`link=${Buffer.from(now.state.target).toString('base64')}`);
  return now.digest !== undefined && written.includes(now.digest);
}

/** `-` for what has no digest: it is not compared again. */
function digestOf({ state, digest }: FoundPath): string {
  return state.is === 'file' && digest !== undefined ? digest : '-';
}

function restore(made: Change): Fate {
  return { does: 'change', change: made, goes: false };
}

function keep(reason: string): Fate {
  return { does: 'keep', reason, open: true };
}
