import { reconcileProblems } from '../../problems/reconcile.ts';
import { editKind } from './edit.ts';
import { plainForms } from './env-forms.ts';
import { assignments, formatAssignment, isEnvValue } from './env-text.ts';

/** Keys of a KEY=value file for a POSIX shell and systemd; everything else in the file is left alone. */
export interface EnvWant {
  readonly kind: 'env';
  readonly path: string;
  /** In the order in which new keys are appended. */
  readonly set: Readonly<Record<string, string>>;
  /** Keys to remove. */
  readonly remove?: readonly string[];
  /** Assignments that only a shell reads right are rewritten, as systemd is the reader. */
  readonly plain?: true;
  /** `user` or `user:group`. */
  readonly owner: string;
  /** Octal, as `chmod` takes it: `0644`. */
  readonly mode: string;
  /** Ids of resources whose change may give the file to another user (`package:istio-sidecar`): it is written again after them. */
  readonly after?: readonly string[];
}

export const env = editKind<EnvWant>({
  id: (want) => `env:${want.path}`,
  path: (want) => want.path,
  owner: (want) => want,
  edit: editEnv,
  summary,
  replaces: (want) =>
    `^[[:space:]]*(export[[:space:]]+)?(${[...Object.keys(want.set), ...(want.remove ?? [])].join('|')})=`,
});

/** Names the keys that change, no others. */
function summary(want: EnvWant, original: string): string {
  const { path } = want;
  const { text, rewritten } = want.plain ? plainForms(original) : { text: original, rewritten: [] };
  const set = Object.entries(want.set).filter(
    ([key, value]) => editEnv(text, { path, set: { [key]: value } }) !== text,
  );
  const removed = (want.remove ?? []).filter((key) => editEnv(text, { path, set: {}, remove: [key] }) !== text);
  const parts = [
    ...(set.length > 0 ? [`set ${set.map(([key]) => key).join(', ')}`] : []),
    ...(removed.length > 0 ? [`remove ${removed.join(', ')}`] : []),
  ];
  if (parts.length === 0 && text !== original)
    return `write ${rewritten.length > 0 ? rewritten.join(', ') : 'the lines'} in ${path} without forms of the shell`;
  return `${parts.join(' and ') || `set owner ${want.owner} and mode ${want.mode}`} in ${path}`;
}

/**
 * The text with these keys. The first assignment of a key is replaced in its place, further ones are removed, new keys
 * are appended; comments stay, one behind a replaced value moves to a line of its own (systemd would read it as value).
 * Pure. Throws the Problem `env-value-invalid` for a key or value that a shell and systemd cannot both be given.
 */
export function editEnv(original: string, want: Pick<EnvWant, 'set' | 'remove' | 'path' | 'plain'>): string {
  const text = want.plain ? plainForms(original).text : original;
  const set = new Map(Object.entries(want.set));
  refuseInvalid(set, want.path);
  const removed = new Set(want.remove ?? []);
  const seen = new Set<string>();
  const edited = rewrite(text, (key) => {
    const value = set.get(key);
    if (value === undefined) return removed.has(key) ? [] : undefined;
    if (seen.has(key)) return [];
    seen.add(key);
    return [value];
  });
  const added = [...set].filter(([key]) => !seen.has(key)).map(([key, value]) => `${formatAssignment(key, value)}\n`);
  if (added.length === 0) return edited;
  return ended(edited) + added.join('');
}

/** The text with its last line ended: a backslash there would take the next line for its own. */
function ended(text: string): string {
  const lines = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  return /(?<!\\)(?:\\\\)*\\\n$/.test(lines) ? `${lines}\n` : lines;
}

/** Goes through all assignments. `wanted` answers undefined: leave it; []: drop it; [value]: this value. */
function rewrite(text: string, wanted: (key: string) => readonly [] | readonly [string] | undefined): string {
  let edited = '';
  let at = 0;
  for (const found of assignments(text)) {
    const answer = wanted(found.key);
    const asWanted = answer === undefined || (answer.length === 1 && answer[0] === found.value);
    // When an assignment changes, further ones on the same line move to lines of their own.
    const rest = rewrite(found.rest, wanted);
    if (asWanted && rest === found.rest) continue;
    const own = asWanted ? [found.raw] : [found.comment, ...answer.map((value) => formatAssignment(found.key, value))];
    const lines = [...own, rest].filter((line) => line !== '');
    edited += text.slice(at, found.start) + lines.join('\n');
    at = lines.length === 0 && text[found.end] === '\n' ? found.end + 1 : found.end;
  }
  return edited + text.slice(at);
}

function refuseInvalid(set: ReadonlyMap<string, string>, path: string): void {
  const issues = [...set].flatMap(([key, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(key)) return [`${JSON.stringify(key)} is not a key: letters, digits and _ only`];
    return isEnvValue(value) ? [] : [`the value of ${key} contains a line break or another control character`];
  });
  if (issues.length > 0) throw reconcileProblems.envValueInvalid({ path, issues });
}
