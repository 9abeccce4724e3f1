import { reconcileProblems } from '../../problems/reconcile.ts';
import type { KeptEdit } from './line-merge.ts';
import { parseEntry, type PathState } from './record.ts';

/** The current state of everything in a journal. Plain data. */
export interface UndoFound {
  readonly paths: Readonly<Record<string, FoundPath>>;
  /** Below directories that were absent before; what a package brought is left out, but for a tree that is all ours. */
  readonly inside: readonly string[];
  readonly units: Readonly<Record<string, { readonly active: string; readonly enabled: string }>>;
  readonly users: Readonly<Record<string, { readonly user: 'present' | 'absent'; readonly group: string }>>;
  readonly packages: Readonly<Record<string, FoundPackage>>;
  /** Rule tables, `nft:ip:nat`. */
  readonly tables: readonly string[];
  /** Built-in chains, `nft:ip:nat:OUTPUT`, that are new in a table that was there. */
  readonly chains: readonly string[];
  /** The snapshot from before the first change is there. */
  readonly snapshot: boolean;
  /** An undo went to its end, but for what waits for a decision, and nothing was changed since. */
  readonly undone: boolean;
}

export interface FoundPath {
  readonly state: PathState;
  /** sha256 of a file; absent for a file that a package brought. */
  readonly digest?: string;
  /** sha256 of the journal's copy of the state before. */
  readonly copy?: string;
  /** Belongs to a package of the journal. */
  readonly owned: boolean;
  /** The text now and our edits, where both are UTF-8. */
  readonly text?: string;
  readonly edits?: readonly KeptEdit[];
}

interface FoundPackage {
  readonly version: string;
  /** File of the version before, on the machine. */
  readonly former?: { readonly format: 'deb' | 'rpm'; readonly file: string };
}

/** Reads the answer of found.sh. Throws `facts-incomplete` for a line that is none of its own. */
export function parseFound(host: string, answer: string): UndoFound {
  const lines = answer.split('\n').filter((line) => line !== '');
  const entries = lines.map((line) => parseEntry(line));
  const unknown = lines.find(
    (line, at) =>
      !entries[at] &&
      !/^(digest|copy|owned|inside|base|ours|text|former|tables|chains|snapshot|undone)( |$)/.test(line),
  );
  if (unknown !== undefined) throw reconcileProblems.factsIncomplete({ host, detail: unknown.slice(0, 120) });
  const words = wordsOf(lines);
  const paths = entries.flatMap((entry) =>
    entry?.kind === 'path' ? [[entry.path, foundPath(entry.path, entry.before, words)] as const] : [],
  );
  const units = entries.flatMap((entry) => (entry?.kind === 'unit' ? [[entry.name, entry] as const] : []));
  const users = entries.flatMap((entry) =>
    entry?.kind === 'user' ? [[entry.name, { user: entry.user, group: entry.group ?? 'absent' }] as const] : [],
  );
  const packages = entries.flatMap((entry) =>
    entry?.kind === 'package' ? [[entry.name, foundPackage(entry, words.former)] as const] : [],
  );
  return {
    paths: Object.fromEntries(paths),
    inside: words.inside,
    units: Object.fromEntries(units),
    users: Object.fromEntries(users),
    packages: Object.fromEntries(packages),
    tables: words.tables,
    chains: words.chains,
    snapshot: lines.includes('snapshot'),
    undone: lines.includes('undone'),
  };
}

interface Words {
  readonly digest: ReadonlyMap<string, string>;
  readonly copy: ReadonlyMap<string, string>;
  readonly owned: ReadonlySet<string>;
  readonly inside: readonly string[];
  readonly texts: ReadonlyMap<string, string>;
  readonly former: ReadonlyMap<string, FoundPackage['former']>;
  readonly tables: readonly string[];
  readonly chains: readonly string[];
}

function wordsOf(lines: readonly string[]): Words {
  const matches = (form: RegExp) =>
    lines.flatMap((line) => {
      const match = form.exec(line);
      return match ? [match.slice(1)] : [];
    });
  const pairs = (word: string) =>
    new Map(matches(new RegExp(`^${word} ([0-9a-f]{64}) (/.*)$`)).map(([digest = '', path = '']) => [path, digest]));
  const list = (word: string) =>
    lines.filter((line) => line.startsWith(word)).flatMap((line) => line.split(' ').slice(1).filter(Boolean));
  return {
    digest: pairs('digest'),
    copy: pairs('copy'),
    owned: new Set(matches(/^owned (\/.*)$/).map(([path = '']) => path)),
    inside: matches(/^inside (\/.*)$/).map(([path = '']) => path),
    texts: new Map(
      matches(/^(base|ours|text) (\d+) ([A-Za-z0-9+/=]*) (\/.*)$/).map(([word, level, text = '', path]) => [
        `${word} ${level} ${path}`,
        text,
      ]),
    ),
    former: new Map(
      matches(/^former (\S+) (deb|rpm) (\/.*)$/).map(([name = '', format, file = '']) => [
        name,
        { format: format as 'deb', file },
      ]),
    ),
    tables: list('tables'),
    chains: list('chains'),
  };
}

function foundPath(path: string, state: PathState, words: Words): FoundPath {
  const [digest, copy, text] = [
    words.digest.get(path),
    words.copy.get(path),
    decoded(words.texts.get(`text 0 ${path}`)),
  ];
  const edits: KeptEdit[] = [];
  for (let level = 1; words.texts.has(`ours ${level} ${path}`); level += 1) {
    const [base, ours] = ['base', 'ours'].map((word) => decoded(words.texts.get(`${word} ${level} ${path}`)));
    // Without one of them nothing can be said about the text.
    if (ours === undefined || (base === undefined && words.texts.has(`base ${level} ${path}`)))
      return { state, owned: words.owned.has(path), ...(digest && { digest }), ...(copy && { copy }) };
    edits.push({ ours, ...(base !== undefined && { base }) });
  }
  return {
    state,
    owned: words.owned.has(path),
    ...(digest !== undefined && { digest }),
    ...(copy !== undefined && { copy }),
    ...(edits.length > 0 && { edits, ...(text !== undefined && { text }) }),
  };
}

/** Undefined for what is no UTF-8: it would be written back with other bytes. */
function decoded(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  const text = bytes.toString('utf8');
  return Buffer.from(text).equals(bytes) ? text : undefined;
}

function foundPackage({ name, version }: { name: string; version: string }, former: Words['former']): FoundPackage {
  const found = former.get(name);
  return { version, ...(found && { former: found }) };
}
