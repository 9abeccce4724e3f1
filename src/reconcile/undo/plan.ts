import type { ShellFile } from '../../text-files.ts';
import type { Plan, PlannedStep } from '../plan.ts';
import type { Change } from '../kind.ts';
import type { UndoFound } from './found.ts';
import { change } from './path-fate.ts';
import type { UndoEntry, UndoJournal } from './record.ts';
import { type Kept, type UndoChoices, undoFiles } from './undo-files.ts';
import * as scripts from './undo-scripts.ts';
import { undoUnits } from './undo-units.ts';

export type { Kept, UndoChoices } from './undo-files.ts';

/** A plan that takes a machine back to the state before meshx. */
export interface UndoPlan extends Plan {
  /** What stays as it is, because someone else changed it. */
  readonly kept: readonly Kept[];
  /** Files that lose the lines of meshx, and keep those of something else. */
  readonly merged: readonly string[];
  /** What cannot be as before, and why, in sentences for the operator. */
  readonly notes: readonly string[];
  /** Of the journal only the snapshot is left afterwards. */
  readonly leavesSnapshot: boolean;
}

/**
 * Everything in the journal back to its state before: units are stopped first, files follow in the reverse order of the
 * journal, former units come back, and the journal itself goes last, so that an undo that died is finished by the next
 * one. Pure. To be run with `journal: false`.
 */
export function undoPlan(journal: UndoJournal, found: UndoFound, choices: UndoChoices = {}): UndoPlan {
  const files = undoFiles(journal, found, choices);
  const units = undoUnits(journal, found);
  const packages = undoPackages(journal, found, [...new Set([...files.staying, ...filesBefore(journal)])]);
  const users = undoUsers(journal, found);
  const open = files.kept.some((kept) => kept.open);
  const leavesSnapshot = choices.comparing === true && found.snapshot && !open;
  const before = [units.stop, packages.changes, files.changes, users];
  // Rules, units and what is kept for this boot have no state that tells.
  const done = found.undone && before.every((changes) => changes.length === 0);
  return {
    steps: [
      step('units', 'Stop what meshx started', units.stop),
      step('packages', 'Restore the packages', packages.changes),
      step('files', 'Restore the files', files.changes),
      step('users', 'Remove the users', users),
      step('rules', 'Remove empty rule tables', done ? [] : undoRules(journal, found)),
      step('units-back', 'Start what ran before', done ? [] : units.back),
      step('journal', "Remove meshx's own state", ownState(journal, found, { open, done, leavesSnapshot })),
    ],
    kept: files.kept,
    merged: files.merged,
    notes: packages.notes,
    leavesSnapshot,
  };
}

/** Files that existed before and that other programs write. */
export function writtenByOthers({ entries }: UndoJournal): readonly string[] {
  return entries.flatMap((entry) => (entry.kind === 'path' && entry.before.is === 'other' ? [entry.path] : []));
}

interface Ending extends Pick<UndoPlan, 'leavesSnapshot'> {
  readonly open: boolean;
  readonly done: boolean;
}

/** What waits for a decision needs the journal; the next undo has to know that all else is done. */
function ownState(journal: UndoJournal, found: UndoFound, { open, done, leavesSnapshot }: Ending): readonly Change[] {
  if (open) return done ? [] : [RUN_GOES, UNDONE];
  const isSnapshotOnly = found.snapshot && journal.entries.length === 0;
  if (leavesSnapshot && isSnapshotOnly) return [];
  const goes = leavesSnapshot ? allButSnapshot(writtenByOthers(journal)) : JOURNAL_GOES;
  return done || isSnapshotOnly ? [goes] : [RUN_GOES, goes];
}

function allButSnapshot(written: readonly string[]): Change {
  const summary = 'remove /var/lib/meshx, and its snapshot once nothing differs from it';
  return change(summary, scripts.JOURNAL_REMOVE, 'snapshot', ...written);
}

const RUN_GOES = change('remove /run/meshx', scripts.RUN_REMOVE);
const UNDONE = change('record that everything else is undone', scripts.UNDONE_NOTE);
const JOURNAL_GOES = change('remove /var/lib/meshx', scripts.JOURNAL_REMOVE);
/** dpkg may wait for a lock. */
const PACKAGE_TIMEOUT_MS = 5 * 60_000;

function step(id: string, title: string, changes: readonly Change[]): PlannedStep {
  return { id, title, changes, touches: {} };
}

function entriesOf<K extends UndoEntry['kind']>(journal: UndoJournal, kind: K) {
  return journal.entries.filter((entry): entry is Extract<UndoEntry, { kind: K }> => entry.kind === kind).reverse();
}

/** Removing a package removes its configuration files, also one that existed before it; that one is restored afterwards. */
function filesBefore(journal: UndoJournal): readonly string[] {
  return entriesOf(journal, 'path').flatMap(({ path, before }) => (before.is === 'file' ? [path] : []));
}

function undoPackages(journal: UndoJournal, found: UndoFound, staying: readonly string[]) {
  const notes: string[] = [];
  const changes = entriesOf(journal, 'package').flatMap(({ name, version }) => {
    const now = found.packages[name];
    if (!now || now.version === version) return [];
    if (version === 'absent' || version === 'config-files') {
      if (now.version === 'config-files' && version !== 'absent') return [];
      const verb = version === 'absent' ? 'purge' : 'remove';
      return [change(`${verb} ${name}`, scripts.PACKAGE_REMOVE, name, verb, ...staying)];
    }
    if (now.former) {
      const { format, file } = now.former;
      const summary = `reinstall ${name} ${version}`;
      return [change(summary, scripts.PACKAGE_BACK, format, file)];
    }
    notes.push(
      `${name} was ${version} before and is ${now.version} now: the machine has no package file of ${version}. Its programs are restored from copies; for the complete package, install it yourself.`,
    );
    return [];
  });
  const slow = changes.map(({ summary, scripts: all }) => ({
    summary,
    scripts: all.map((each) => ({ ...each, timeoutMs: PACKAGE_TIMEOUT_MS })),
  }));
  return { changes: slow, notes };
}

function undoUsers(journal: UndoJournal, found: UndoFound): readonly Change[] {
  return entriesOf(journal, 'user').flatMap(({ name, user, group = 'absent' }) => {
    const now = found.users[name];
    const [userGoes, groupGoes] = [
      user === 'absent' && now?.user === 'present',
      group === 'absent' && now?.group !== 'absent',
    ];
    if (!now || (!userGoes && !(groupGoes && user === 'absent'))) return [];
    const what = userGoes ? 'user' : 'group';
    return [change(`remove ${what} ${name}`, scripts.USER_REMOVE, name, what, group)];
  });
}

/** Also built-in chains: what looked at a table or wrote a rule into it made those that it needed. */
function undoRules({ tables }: UndoJournal, found: UndoFound): readonly Change[] {
  const more = tables ? found.tables.filter((each) => each.startsWith('nft:') && !tables.includes(each)) : [];
  const emptied = (what: string, script: ShellFile, names: readonly string[]): readonly Change[] => {
    if (names.length === 0) return [];
    const shown = names.map((each) => each.slice('nft:'.length).replaceAll(':', ' ')).join(', ');
    return [change(`remove new empty rule ${what}: ${shown}`, script, ...names)];
  };
  return [...emptied('tables', scripts.TABLES_REMOVE, more), ...emptied('chains', scripts.CHAINS_REMOVE, found.chains)];
}
