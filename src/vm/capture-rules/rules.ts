/** One rule as `iptables-save` prints it. */
export interface Rule {
  /** Without counters: `-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN`. */
  readonly text: string;
  readonly conditions: readonly Condition[];
  readonly target?: Target;
}

/** `-p tcp`, `! --dports 53,15008` of a module. */
export interface Condition {
  /** `-d`, `--uid-owner`; `-m NAME` for a module that has no options or unknown ones. */
  readonly option: string;
  readonly values: readonly string[];
  readonly negated: boolean;
}

/** `-j NAME` or `-g NAME`, and what follows. */
export interface Target {
  readonly name: string;
  readonly goto: boolean;
  readonly words: readonly string[];
}

export interface Chain {
  /** `ACCEPT` or `DROP` of a built-in chain; absent for others. */
  readonly policy?: string;
  readonly rules: readonly Rule[];
}

/** Chains by name, of each table by name. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, Chain>>;

/** Parses the output of `iptables-save`. Ignores lines of other forms. Pure. */
export function parseTables(lines: readonly string[]): Tables {
  const tables = new Map<string, Map<string, { policy?: string; rules: Rule[] }>>();
  let table = new Map<string, { policy?: string; rules: Rule[] }>();
  for (const line of lines) {
    const [first = '', second = ''] = line.split(' ');
    if (line.startsWith('*')) {
      table = new Map();
      tables.set(line.slice(1).trim(), table);
    } else if (line.startsWith(':')) {
      table.set(first.slice(1), { rules: [], ...(second !== '-' && { policy: second }) });
    } else if (first === '-A') table.get(second)?.rules.push(parseRule(line));
  }
  return tables;
}

/** Options without a value. */
const FLAGS = new Set([
  '--syn',
  '-f',
  '--fragment',
  '--ahres',
  '--socket-exists',
  '--suppl-groups',
  '--rsource',
  '--rdest',
]);
/** Options with two values. */
const PAIRS = new Set(['--tcp-flags', '--match-set', '--ctorigdst']);

/** Parses one rule: `-A CHAIN …`. Pure. */
function parseRule(text: string): Rule {
  const words = wordsOf(text).slice(2);
  const conditions: Condition[] = [];
  let negated = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '-j' || word === '-g')
      return {
        text,
        conditions,
        target: { name: words[at + 1] ?? '', goto: word === '-g', words: words.slice(at + 2) },
      };
    if (word === '!') {
      negated = true;
      continue;
    }
    // A module alone says nothing yet; one without options is a condition of its own.
    const count = valuesOf(word, words[at + 1]);
    conditions.push({ option: word, values: words.slice(at + 1, at + 1 + count), negated });
    [negated, at] = [false, at + count];
  }
  return { text, conditions };
}

function valuesOf(option: string, next: string | undefined): number {
  if (PAIRS.has(option) && option !== '--ctorigdst') return 2;
  return FLAGS.has(option) || next === undefined || next === '!' || next.startsWith('-') ? 0 : 1;
}

/** Words as a shell divides them: `--comment "with spaces"`. */
function wordsOf(text: string): readonly string[] {
  const words = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)];
  return words.map(([, quoted, bare]) => bare ?? (quoted ?? '').replace(/\\(.)/g, '$1'));
}
