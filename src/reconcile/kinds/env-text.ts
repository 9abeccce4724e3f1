/** One assignment of a KEY=value file, as a POSIX shell reads it. Positions count in the whole text. */
export interface Assignment {
  readonly key: string;
  readonly start: number;
  /** Behind the value (and its comment), before the end of the line. */
  readonly end: number;
  /** KEY=value, unchanged from the text. */
  readonly raw: string;
  /** The value when a shell and systemd read the same out of it without expansion; undefined when they may not. */
  readonly value: string | undefined;
  readonly comment: string;
  /** Text of further assignments on the same line: `B=2` of `A=1 B=2`. */
  readonly rest: string;
}

const KEY = /^([ \t]*)(export[ \t]+)?([A-Za-z_]\w*)=/;
/** No quotes are needed for these in a shell, and systemd gives them no meaning either. */
const PLAIN = /^[\w@%+=:,./-]*$/;

/** All assignments of a text, in their order. Lines that are anything else are not looked into. */
export function assignments(text: string): readonly Assignment[] {
  const found: Assignment[] = [];
  for (let at = 0; at < text.length;) {
    const assignment = assignmentAt(text, at);
    if (assignment) found.push(assignment);
    at = (assignment?.end ?? endOfLine(text, at)) + 1;
  }
  return found;
}

/**
 * KEY=value so that a POSIX shell and systemd (EnvironmentFile) read the same: in double quotes where needed, as only there
 * both know the same four escapes. Single quotes would not do: systemd before 240 takes a backslash in them for an escape.
 */
export function formatAssignment(key: string, value: string): string {
  return PLAIN.test(value) ? `${key}=${value}` : `${key}="${value.replace(/[\\"$`]/g, '\\$&')}"`;
}

/** Whether both readers can be given the value at all: no line breaks, no other control characters but the tab. */
export function isEnvValue(value: string): boolean {
  return !/[\0-\x08\x0a-\x1f\x7f]/.test(value);
}

function assignmentAt(text: string, start: number): Assignment | undefined {
  const head = KEY.exec(text.slice(start, endOfLine(text, start)));
  if (!head) return undefined;
  const valueStart = start + head[0].length;
  const valueEnd = endOfWord(text, valueStart);
  const end = endOfLine(text, valueEnd);
  const tail = text.slice(valueEnd, end);
  const { comment, rest } = splitTail(tail);
  if (rest !== '' && !isAssignments(rest)) return undefined;
  const plain = head[2] === undefined && rest === '' && comment === '';
  const value = plain ? literal(text.slice(valueStart, valueEnd)) : undefined;
  return { key: head[3] ?? '', start, end, raw: text.slice(start, valueEnd), value, comment, rest };
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** The rest of the line after a value: ` # why`, `; B=2`, ` B=2`. */
function splitTail(tail: string): { comment: string; rest: string } {
  const trimmed = tail.trim();
  if (/^\s+#/.test(tail)) return { comment: trimmed, rest: '' };
  return { comment: '', rest: trimmed.replace(/^;\s*/, '') };
}

/** `A=1 command` sets A for the command only: that is no assignment of the file. */
function isAssignments(text: string): boolean {
  for (let rest = text; rest !== '';) {
    const head = KEY.exec(rest);
    if (!head) return false;
    rest = rest.slice(endOfWord(rest, head[0].length)).replace(/^[\s;]+/, '');
    if (rest.startsWith('#')) return true;
  }
  return true;
}

/** The end of the shell word that starts here; quotes, escapes and command substitutions are stepped over. */
function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !/[\s;]/.test(text[at] ?? '')) at = endOfPart(text, at);
  return Math.min(at, text.length);
}

function endOfPart(text: string, at: number): number {
  if (text[at] === '$' && text[at + 1] === '(') return endOfSubstitution(text, at + 2) ?? endOfLine(text, at);
  return endOfQuotes(text, at) ?? endOfLine(text, at);
}

/** Behind a character, an escape or a quoted part; undefined where quotes are never closed. */
function endOfQuotes(text: string, at: number): number | undefined {
  const char = text[at];
  if (char === '\\') return at + 2;
  if (char === "'") return behind(text, "'", at + 1);
  if (char === '"' || char === '`') return endOfQuoted(text, at);
  return at + 1;
}

function behind(text: string, char: string, from: number): number | undefined {
  const found = text.indexOf(char, from);
  return found < 0 ? undefined : found + 1;
}

function endOfQuoted(text: string, at: number): number | undefined {
  for (let next = at + 1; next < text.length; next += 1) {
    if (text[next] === '\\') next += 1;
    else if (text[next] === text[at]) return next + 1;
  }
  return undefined;
}

/** Counts the brackets: where one of them, or a quote in them, is never closed, none is, and nothing is read twice. */
function endOfSubstitution(text: string, from: number): number | undefined {
  let open = 1;
  for (let at: number | undefined = from; at !== undefined && at < text.length;) {
    if (text[at] === ')') open -= 1;
    if (open === 0) return at + 1;
    if (text[at] === '$' && text[at + 1] === '(') open += 1;
    at = endOfQuotes(text, at);
  }
  return undefined;
}

/** The value of a raw word when it needs no thinking: plain, or one pair of quotes around text without a special meaning. */
function literal(raw: string): string | undefined {
  const inner = /^"([^"\\$`\n]*)"$/.exec(raw)?.[1] ?? /^'([^'\\\n]*)'$/.exec(raw)?.[1];
  if (inner !== undefined) return inner;
  if (PLAIN.test(raw)) return raw;
  const escaped = /^"((?:[^"\\$`\n]|\\[\\"$`])*)"$/.exec(raw)?.[1];
  return escaped?.replace(/\\([\\"$`])/g, '$1');
}
