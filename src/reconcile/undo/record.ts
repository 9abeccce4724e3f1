import { reconcileProblems } from '../../problems/reconcile.ts';
import { refuseNewer } from '../formats.ts';
import { systemDirectories } from './system-directories.ts';

/** The state of a path, before meshx or now. */
export type PathState =
  | { readonly is: 'absent' | 'tree-absent' | 'other' }
  | { readonly is: 'file'; readonly owner: string; readonly mode: string; readonly mtime: string }
  | { readonly is: 'directory'; readonly owner: string; readonly mode: string; readonly mtime: string }
  | { readonly is: 'link'; readonly target: string }
  /** Its sha256; absent in a journal of format 1. */
  | { readonly is: 'secret'; readonly digest?: string };

export type UndoEntry =
  | { readonly kind: 'path'; readonly path: string; readonly before: PathState }
  | { readonly kind: 'unit'; readonly name: string; readonly active: string; readonly enabled: string }
  | { readonly kind: 'user'; readonly name: string; readonly user: 'present' | 'absent'; readonly group?: string }
  | { readonly kind: 'package'; readonly name: string; readonly version: string };

/** The journal of the state before meshx: see undo.sh for the format. Plain data. */
export interface UndoJournal {
  readonly format: 1 | 2;
  /** In the order of the first changes. */
  readonly entries: readonly UndoEntry[];
  /** What meshx wrote: sha256 of files, `OWNER=MODE` of directories, `link=BASE64` of links, by path. */
  readonly wrote: Readonly<Record<string, readonly string[]>>;
  /** Rule tables before meshx; undefined if they were not recorded. */
  readonly tables?: readonly string[];
}

/** Texts of the journal's files. */
export interface JournalTexts {
  readonly host: string;
  readonly readme: string;
  readonly index: string;
  readonly wrote: string;
}

/**
 * Parses a journal of format 1 or 2. Throws `format-newer` for a later one, `undo-journal-damaged` with every invalid line, and for a line
 * that would remove a directory of the system, as root follows the journal.
 */
export function parseJournal({ host, readme, index, wrote }: JournalTexts): UndoJournal {
  const format = /^meshx undo journal, format (\d+):/.exec(readme)?.[1];
  const file = '/var/lib/meshx/undo/README';
  if (format !== undefined) refuseNewer({ host, kind: 'journal', file, format: Number(format) });
  const issues: string[] = [];
  if (index !== '' && !format) issues.push('its README does not name format 1 or 2');
  const lines = completeLines(index, 'index', issues);
  const tables = lines.find((line) => line.startsWith('tables'));
  const entries = lines.flatMap((line, at) => {
    if (line.startsWith('tables')) return [];
    // After a disabled unit format 1 wrote one line too many.
    if (format === '1' && line === '-') return [];
    const entry = parseEntry(line);
    const wrong = entry === undefined ? 'is no line of a journal' : refusal(entry);
    if (wrong !== undefined) issues.push(`line ${at + 1} of index ${wrong}: ${line.slice(0, 120)}`);
    return entry === undefined ? [] : [entry];
  });
  issues.push(...treesOverOthers(entries));
  const written = parseWrote(completeLines(wrote, 'wrote', issues), issues);
  if (issues.length > 0) throw reconcileProblems.undoJournalDamaged({ host, issues: issues.slice(0, MOST_ISSUES) });
  return {
    format: format === '1' ? 1 : 2,
    entries,
    wrote: written,
    ...(tables !== undefined && { tables: tables.split(' ').filter((word) => word.includes(':')) }),
  };
}

function completeLines(text: string, file: string, issues: string[]): readonly string[] {
  if (text === '') return [];
  if (!text.endsWith('\n')) issues.push(`the last line of ${file} is cut off`);
  return text.replace(/\n$/, '').split('\n');
}

/** How many invalid lines a message shows: in a foreign file all lines are invalid. */
const MOST_ISSUES = 10;

const STAT = String.raw`(\S+:\S+|-) ([0-7]{4,5}) (-?\d+(?:\.\d+)?)`;
const PATH = String.raw`(/.*)`;

/** Each form of a line, and its parser. */
const FORMS: readonly (readonly [RegExp, (words: readonly string[]) => UndoEntry])[] = [
  [/^path (absent|tree-absent|other) (\/.*)$/, ([is, path]) => pathEntry(path, { is: is as 'absent' })],
  [
    new RegExp(`^path (file|directory) ${STAT} ${PATH}$`),
    ([is, owner = '', mode = '', mtime = '', path]) => pathEntry(path, { is: is as 'file', owner, mode, mtime }),
  ],
  [
    /^path link ([A-Za-z0-9+/]+={0,2}) (\/.*)$/,
    ([target = '', path]) => pathEntry(path, { is: 'link', target: Buffer.from(target, 'base64').toString() }),
  ],
  [
    /^path secret (?:([0-9a-f]{64}) )?(\/.*)$/,
    ([digest, path]) => pathEntry(path, { is: 'secret', ...(digest !== undefined && { digest }) }),
  ],
  [
    /^unit ([\w@:.\\-]+) ([a-z-]+) ([a-z-]+)$/,
    ([name = '', active = '', enabled = '']) => ({ kind: 'unit', name, active, enabled }),
  ],
  [
    /^user ([\w.$-]+) (absent|present)(?: (absent|\d+))?$/,
    ([name = '', user, group]) => ({ kind: 'user', name, user: user as 'absent', ...(group && { group }) }),
  ],
  [/^package ([\w.+:-]+) (\S+)$/, ([name = '', version = '']) => ({ kind: 'package', name, version })],
];

/** Parses one line of the index or of the current state, which have the same form; undefined if it is invalid. */
export function parseEntry(line: string): UndoEntry | undefined {
  for (const [form, entry] of FORMS) {
    const match = form.exec(line);
    if (match) return entry(match.slice(1));
  }
  return undefined;
}

function pathEntry(path = '', before: PathState): UndoEntry {
  return { kind: 'path', path, before };
}

function refusal(entry: UndoEntry): string | undefined {
  if (entry.kind !== 'path') return /^[-.]/.test(entry.name) ? 'names something that no program takes' : undefined;
  const { path, before } = entry;
  if (/[\0-\x1f]/.test(path)) return 'has a path with a control character';
  if (/\/(\.{0,2})(\/|$)/.test(path)) return 'has a path that is not a plain one';
  return before.is === 'tree-absent' && systemDirectories.has(path)
    ? 'would take away a directory of the system'
    : undefined;
}

/** What was there before a tree of ours came can lie in none. /run is empty after each boot. */
function treesOverOthers(entries: readonly UndoEntry[]): readonly string[] {
  return entries.flatMap((tree, at) => {
    if (tree.kind !== 'path' || tree.before.is !== 'tree-absent' || tree.path.startsWith('/run/')) return [];
    return entries.slice(0, at).flatMap((other) => {
      const inside = other.kind === 'path' && other.path.startsWith(`${tree.path}/`) && wasThere(other.before);
      return inside ? [`${tree.path} was absent, and yet ${other.path} was there`] : [];
    });
  });
}

/** Whether there was something. */
function wasThere({ is }: PathState): boolean {
  return is !== 'absent' && is !== 'tree-absent';
}

function parseWrote(lines: readonly string[], issues: string[]): UndoJournal['wrote'] {
  const wrote = new Map<string, string[]>();
  for (const line of lines) {
    const [, what, path] = /^([0-9a-f]{64}|\S+=[0-7]{3,5}|link=[A-Za-z0-9+/]+={0,2}) (\/.*)$/.exec(line) ?? [];
    if (what === undefined || path === undefined) {
      issues.push(`a line of wrote is none of its own: ${line.slice(0, 120)}`);
      continue;
    }
    wrote.set(path, [...(wrote.get(path) ?? []), what]);
  }
  return Object.fromEntries(wrote);
}
