import { type Assignment, assignments, formatAssignment, isEnvValue } from './env-text.ts';
import { readEnvironmentFile } from './environment-file.ts';

/** A line that means something to a shell only, and that no other form can say. */
interface FormIssue {
  /** Counted from 1. */
  readonly line: number;
  /** The key, where the line is an assignment. */
  readonly key?: string;
  readonly reason: string;
}

/** A file in forms that a shell and systemd read alike. */
export interface PlainForms {
  readonly text: string;
  /** Keys whose assignment had to be written otherwise. */
  readonly rewritten: readonly string[];
  readonly issues: readonly FormIssue[];
}

const EXPANSION = 'it has a variable, a command or another form that only a shell expands';
/** They do nothing where all assignments of a file are exported. */
const HARMLESS = /^(?:[#;].*|export(?:\s+[A-Za-z_]\w*)+|set\s+[-+]a)?$/;

/**
 * Each assignment that systemd would read otherwise than a shell becomes one that both read as the shell did: `export`, several on
 * a line, a comment behind a value, quotes within a word, a value over several lines, line ends of Windows. Pure.
 */
export function plainForms(original: string): PlainForms {
  const text = original.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const rewritten: string[] = [];
  const issues: FormIssue[] = [];
  let [plain, at] = ['', 0];
  for (const found of assignments(text)) {
    issues.push(...lineIssues(text, at, found.start));
    const read = reading(found);
    const line = lineOf(text, found.start);
    if ('reason' in read) issues.push({ line, key: found.key, reason: read.reason });
    const lines = 'reason' in read ? undefined : read.lines;
    if (lines) rewritten.push(found.key);
    plain += text.slice(at, found.start) + (lines?.join('\n') ?? text.slice(found.start, found.end));
    at = found.end;
  }
  issues.push(...lineIssues(text, at, text.length));
  return { text: plain + text.slice(at), rewritten, issues };
}

/** The lines that take the place of an assignment; none where it can stay as it is. */
function reading(found: Assignment): { readonly lines?: readonly string[] } | { readonly reason: string } {
  const value = shellValue(found.raw.slice(found.raw.indexOf('=') + 1));
  if (value === undefined) return { reason: EXPANSION };
  if (!isEnvValue(value)) return { reason: 'its value contains a line break or another control character' };
  const rest = plainForms(found.rest);
  const [issue] = rest.issues;
  if (issue) return { reason: `behind it: ${issue.reason}` };
  const bare = found.comment === '' && found.rest === '' && !found.raw.includes('\n');
  const [[key, systemd] = [], ...more] = readEnvironmentFile(found.raw);
  if (bare && more.length === 0 && key === found.key && systemd === value) return {};
  return { lines: [found.comment, formatAssignment(found.key, value), rest.text].filter((line) => line !== '') };
}

/** Lines between two assignments. What systemd reads as one, and a shell as a command, means what systemd reads. */
function lineIssues(text: string, from: number, to: number): readonly FormIssue[] {
  const first = lineOf(text, from);
  return text
    .slice(from, to)
    .split('\n')
    .flatMap((line, index) => {
      const words = line.trim();
      if (HARMLESS.test(words)) return [];
      const key = /^([A-Za-z_]\w*)\s*=/.exec(words)?.[1];
      if (key !== undefined && !/[$`]/.test(words)) return [];
      const reason = key === undefined ? 'it is not KEY=value, and nothing else is read' : EXPANSION;
      return [{ line: first + index, ...(key !== undefined && { key }), reason }];
    });
}

function lineOf(text: string, at: number): number {
  return text.slice(0, at).split('\n').length;
}

/** The value of a shell's word; undefined where the shell would expand something in it. */
function shellValue(raw: string): string | undefined {
  if (/^~|:~/.test(raw)) return undefined;
  const part = /'([^']*)'|"((?:[^"\\$`]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\$`&|<>();]+)/y;
  let value = '';
  let at = 0;
  for (let match = part.exec(raw); match; match = part.exec(raw)) {
    const [, single, double, escaped, plain] = match;
    const unescaped = double?.replace(/\\([\\"$`\n])/g, (_, char: string) => (char === '\n' ? '' : char));
    value += single ?? unescaped ?? (escaped === '\n' ? '' : escaped) ?? plain ?? '';
    at = part.lastIndex;
  }
  return at === raw.length ? value : undefined;
}
