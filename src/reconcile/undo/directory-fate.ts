import { sameOwnerAndMode } from '../kinds/owner.ts';
import { change, type Fate, type Judged, type PathEntry } from './path-fate.ts';
import type { PathState, UndoJournal } from './record.ts';
import * as scripts from './undo-scripts.ts';

/** Which paths go by other parts of the undo, and which stay. */
export interface Surroundings {
  readonly goes: (path: string) => boolean;
  readonly kept: readonly string[];
}

const NOTHING: Fate = { does: 'nothing' };

/** What becomes of a directory that was there before. Pure. */
export function directoryFate(entry: PathEntry, { journal, found, told }: Judged): Fate {
  const { path, before } = entry;
  const now = found.paths[path]?.state;
  if (before.is !== 'directory' || !now) return NOTHING;
  const { owner, mode } = before;
  if (now.is === 'directory') {
    if (now.owner === owner && now.mode === mode) return NOTHING;
    const ours =
      journal.format === 1 ||
      isOfNewUser(journal, now) ||
      (journal.wrote[path] ?? []).some((what) => isWritten(what, now));
    if (!ours && !told) return open('its owner or mode was changed by something else');
    const summary = `set owner ${owner} and mode ${mode} of ${path}`;
    return { does: 'change', change: change(summary, scripts.OWNER_BACK, path, owner, mode), goes: false };
  }
  // /run is empty after a boot.
  if (now.is === 'absent' && path.startsWith('/run/')) return NOTHING;
  if (!told || now.is !== 'absent') return open('it was removed or replaced by something else');
  const made = change(`create ${path}`, scripts.DIRECTORY_BACK, path, owner, mode);
  return { does: 'change', change: made, goes: false };
}

/** A package's own scripts give directories to the user that it made, and note nothing: the user goes, and its name with it. */
function isOfNewUser({ entries }: UndoJournal, now: { readonly owner: string }): boolean {
  const user = now.owner.split(':')[0];
  return entries.some((entry) => entry.kind === 'user' && entry.user === 'absent' && entry.name === user);
}

function isWritten(what: string, now: { readonly owner: string; readonly mode: string }): boolean {
  const [owner = '', mode = ''] = what.split('=');
  return sameOwnerAndMode(`${now.owner} ${now.mode}`, { owner, mode });
}

/** What becomes of a directory that was absent: it goes when nothing of someone else is in it. Pure. */
export function newDirectoryFate({ path }: PathEntry, { found, told }: Judged, around: Surroundings): Fate {
  const inside = found.inside.filter((each) => each.startsWith(`${path}/`));
  const foreign = inside.filter((each) => !around.goes(each));
  if (told && foreign.length > 0) return tree(path, 'directory', []);
  if (foreign.length === 0) {
    return {
      does: 'change',
      change: change(`remove ${path}`, scripts.DIRECTORY_REMOVE, path),
      goes: true,
    };
  }
  // What is kept in it is said by itself.
  const isSaid = (each: string) => around.kept.some((kept) => kept === each || kept.startsWith(`${each}/`));
  const first = foreign.find((each) => !isSaid(each));
  if (first === undefined) return NOTHING;
  return { does: 'keep', reason: `it contains something that meshx did not create: ${first}`, open: false };
}

/** Removes a tree that is all ours, but not what is kept in it. */
export function tree(path: string, now: PathState['is'], kept: readonly string[]): Fate {
  const inside = kept.filter((each) => each.startsWith(`${path}/`));
  const but = inside.length > 0 ? ` except ${inside.join(', ')}` : '';
  const all = now === 'directory' ? ' and its contents' : '';
  const made = change(`remove ${path}${all}${but}`, scripts.TREE_REMOVE, path, ...inside);
  return { does: 'change', change: made, goes: inside.length === 0 };
}

function open(reason: string): Fate {
  return { does: 'keep', reason, open: true };
}
