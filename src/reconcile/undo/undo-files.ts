import type { Change } from '../kind.ts';
import { directoryFate, newDirectoryFate, tree } from './directory-fate.ts';
import type { UndoFound } from './found.ts';
import { type Fate, fileFate, type PathEntry } from './path-fate.ts';
import type { UndoJournal } from './record.ts';

/** What the operator decided about paths that someone else changed. */
export interface UndoChoices {
  /** Restored although someone changed them. */
  readonly restore?: readonly string[];
  /** These stay as they are. */
  readonly keep?: readonly string[];
  /** Restores all. A folder that holds other people's files still has to be named in `restore`. */
  readonly everything?: boolean;
  /** The snapshot from before the first change stays, to be compared after the undo. */
  readonly comparing?: boolean;
}

/** A path that stays as it is. */
export interface Kept {
  readonly path: string;
  readonly reason: string;
  /** Waits for a decision: until there is one, the journal stays on the machine. */
  readonly open: boolean;
}

export interface FilesUndone {
  readonly changes: readonly Change[];
  readonly kept: readonly Kept[];
  /** All that stays, decided or not. */
  readonly staying: readonly string[];
  /** Files that lose the lines of meshx, and keep those of something else. */
  readonly merged: readonly string[];
}

/** What becomes of each path of the journal, the last one first. Pure. */
export function undoFiles(journal: UndoJournal, found: UndoFound, choices: UndoChoices): FilesUndone {
  const all = journal.entries.filter((entry) => entry.kind === 'path');
  const trees = all.filter(({ before }) => before.is === 'tree-absent');
  const inTree = ({ path }: PathEntry) => trees.some((each) => path.startsWith(`${each.path}/`));
  const judged = (path: string) => ({ journal, found, told: choices.everything === true || named(choices, path) });
  const isDirectory = (path: string) => found.paths[path]?.state.is === 'directory';
  const fates = new Map<string, Fate>();
  for (const entry of all) {
    const { path, before } = entry;
    if (choices.keep?.includes(path)) fates.set(path, { does: 'keep', reason: 'as requested', open: false });
    else if (before.is === 'directory') fates.set(path, directoryFate(entry, judged(path)));
    else if (before.is === 'tree-absent') continue;
    else if (inTree(entry)) fates.set(path, inTreeFate(entry, judged(path)));
    else if (before.is !== 'absent' || !isDirectory(path)) fates.set(path, fileFate(entry, judged(path)));
  }
  const kept = [...fates].flatMap(([path, fate]) => (fate.does === 'keep' ? [path] : []));
  const gone = new Set([...fates].flatMap(([path, fate]) => (fate.does === 'change' && fate.goes ? [path] : [])));
  const goes = (path: string): boolean =>
    !kept.some((each) => each === path || each.startsWith(`${path}/`)) &&
    (gone.has(path) || trees.some((each) => path === each.path || path.startsWith(`${each.path}/`)));
  for (const { path } of trees) {
    const now = found.paths[path]?.state.is;
    const outer = trees.some(
      (each) => path.startsWith(`${each.path}/`) && found.paths[each.path]?.state.is === 'directory',
    );
    const isLeft = now === 'directory' && isKeptWhole(path, found.inside, kept);
    if (!fates.has(path) && now !== undefined && now !== 'absent' && !outer && !isLeft)
      fates.set(path, tree(path, now, kept));
  }
  // The innermost first: whether a directory goes depends on those in it.
  for (const entry of [...all].sort((a, b) => b.path.length - a.path.length)) {
    if (fates.has(entry.path) || entry.before.is !== 'absent') continue;
    const told = named(choices, entry.path);
    const fate = newDirectoryFate(entry, { journal, found, told }, { goes, kept });
    fates.set(entry.path, fate);
    if (fate.does === 'change') gone.add(entry.path);
  }
  return result(all, fates, choices);
}

function result(all: readonly PathEntry[], fates: ReadonlyMap<string, Fate>, choices: UndoChoices): FilesUndone {
  const inOrder = all.map(({ path }) => ({ path, fate: fates.get(path) }));
  const staying = inOrder.flatMap(({ path, fate }) =>
    fate?.does === 'keep' ? [{ path, reason: fate.reason, open: fate.open }] : [],
  );
  return {
    changes: inOrder.reverse().flatMap(({ fate }) => (fate?.does === 'change' ? [fate.change] : [])),
    kept: staying.filter(({ path }) => !choices.keep?.includes(path)),
    staying: staying.map(({ path }) => path),
    merged: inOrder.flatMap(({ path, fate }) => (fate?.does === 'change' && fate.merges === true ? [path] : [])),
  };
}

/** Whether nothing is left in a tree but what is kept, and the folders that lead there. */
function isKeptWhole(path: string, inside: readonly string[], kept: readonly string[]): boolean {
  const there = inside.filter((each) => each.startsWith(`${path}/`));
  return (
    kept.some((each) => each.startsWith(`${path}/`)) &&
    there.every((each) => kept.some((one) => one === each || one.startsWith(`${each}/`)))
  );
}

/** In a tree of ours all goes, but a file that is made to be edited by others as well. */
function inTreeFate(entry: PathEntry, judged: Parameters<typeof fileFate>[1]): Fate {
  if (!judged.found.paths[entry.path]?.edits || judged.told) return { does: 'nothing' };
  const fate = fileFate(entry, judged);
  return fate.does === 'keep' ? fate : { does: 'nothing' };
}

function named({ restore = [] }: UndoChoices, path: string): boolean {
  return restore.includes(path);
}
