import { meshProblems } from '../problems/mesh.ts';

/** A variable name for both a shell and systemd. */
export const ENV_KEY = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * One line KEY='value' as istioctl writes it, an inner quote as '"'"'. A value with a backslash is in double quotes,
 * because systemd 239 treats it as an escape in single ones. Shells and systemd read the line alike. Throws
 * `env-value-unsafe` for line breaks and control characters.
 */
export function formatQuoted(key: string, value: string): string {
  if (checked(key, value).includes('\\')) return `${key}="${value.replace(/[\\"$`]/g, '\\$&')}"`;
  return `${key}='${value.replaceAll("'", `'"'"'`)}'`;
}

/** Returns the value. Throws for what a shell and systemd read differently. */
export function checked(key: string, value: string): string {
  if (!ENV_KEY.test(key)) throw meshProblems.unsafeValue({ key, value, why: 'the key is no name of a variable' });
  if (/[\u0000-\u001f\u007f]/.test(value))
    throw meshProblems.unsafeValue({ key, value, why: 'it contains a line break or another control character' });
  return value;
}

/** Reads KEY=value lines as a shell does: the last assignment wins, other lines are skipped. */
export function parseEnv(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, raw = ''] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*?)\r?$/.exec(line) ?? [];
    if (key) values.set(key, unquote(raw));
  }
  return values;
}

/** The value of the first word of a shell assignment: quotes may begin and end within it. */
function unquote(raw: string): string {
  const part = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^\s'"\\#]+|(?<=\S)#)/y;
  let value = '';
  for (let match = part.exec(raw); match; match = part.exec(raw)) {
    const [, single, double, escaped, plain] = match;
    value += single ?? double?.replace(/\\([$`"\\])/g, '$1') ?? escaped ?? plain ?? '';
  }
  return value;
}
