import type { Change } from '../kind.ts';
import type { UndoFound } from './found.ts';
import { change } from './path-fate.ts';
import type { UndoEntry, UndoJournal } from './record.ts';
import * as scripts from './undo-scripts.ts';

const FOLDER = '/etc/systemd/system/';
const RUNS: readonly string[] = ['active', 'activating', 'reloading'];
const STOPS: readonly string[] = [...RUNS, 'deactivating', 'refreshing'];

type UnitEntry = Extract<UndoEntry, { kind: 'unit' }>;

/**
 * Units that did not run are stopped and those not enabled are disabled, before anything else; units that ran are started
 * again when their files are back, always: whether they read the files of before cannot be seen any more. Pure.
 */
export function undoUnits(
  journal: UndoJournal,
  found: UndoFound,
): { readonly stop: readonly Change[]; readonly back: readonly Change[] } {
  const entries = unitEntries(journal, found);
  const stop = entries.flatMap((entry) => stopChange(entry, journal, found));
  const ran = entries.filter(({ active, enabled }) => RUNS.includes(active) || enabled === 'enabled');
  const back = ran.map((entry) => backChange(entry, journal));
  const gone = entries.filter((entry) => !ran.includes(entry)).map(({ name }) => name);
  if (gone.length === 0) return { stop, back };
  const forget = change("reload systemd's unit files", scripts.UNITS_FORGET, ...gone);
  return { stop, back: [forget, ...back] };
}

/** Those of the journal, the last first, and before them those whose unit file is ours: a timer, a guard. */
function unitEntries(journal: UndoJournal, found: UndoFound): readonly UnitEntry[] {
  const entries = journal.entries.filter((entry) => entry.kind === 'unit');
  const named = new Set(entries.map(({ name }) => name));
  const more = Object.keys(found.units).filter((name) => !named.has(name) && isOwnFile(name, journal));
  return [
    ...more.map((name) => ({ kind: 'unit', name, active: 'inactive', enabled: '-' }) as const),
    ...entries.reverse(),
  ];
}

function isOwnFile(name: string, { entries }: UndoJournal): boolean {
  return entries.some((entry) => entry.kind === 'path' && entry.path === FOLDER + name && entry.before.is === 'absent');
}

/** Whether the journal changes what the unit is. */
function hasFiles(name: string, { entries }: UndoJournal): boolean {
  return entries.some(
    (entry) => entry.kind === 'path' && (entry.path === FOLDER + name || entry.path.startsWith(`${FOLDER}${name}.d/`)),
  );
}

function stopChange({ name, active, enabled }: UnitEntry, journal: UndoJournal, found: UndoFound): readonly Change[] {
  const now = found.units[name];
  if (!now) return [];
  const stops = STOPS.includes(now.active) && (!RUNS.includes(active) || hasFiles(name, journal));
  const disables = now.enabled === 'enabled' && enabled !== 'enabled';
  if (!stops && !disables) return [];
  const verbs = [...(stops ? ['stop'] : []), ...(disables ? ['disable'] : [])].join(' and ');
  const { scripts: all, summary } = change(`${verbs} ${name}`, scripts.UNIT_STOP, name, disables ? 'yes' : 'no');
  return [{ summary, scripts: all.map((each) => ({ ...each, timeoutMs: 150_000 })) }];
}

function backChange({ name, active, enabled }: UnitEntry, journal: UndoJournal): Change {
  const runs = RUNS.includes(active);
  const enable = enabled === 'enabled' && hasFiles(name, journal) ? 'enabled' : '-';
  const [verb, word] = runs ? ['restart', 'restart'] : ['enable', 'enable'];
  const made = change(`${verb} ${name} as before`, scripts.UNIT_BACK, name, word, runs ? enable : enabled);
  return { summary: made.summary, scripts: made.scripts.map((each) => ({ ...each, timeoutMs: 120_000 })) };
}
