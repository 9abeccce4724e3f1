/** One line of an ssh_config file: a keyword in lower case, its words, and the rest of the line unchanged. */
export interface ConfigLine {
  readonly keyword: string;
  readonly words: readonly string[];
  readonly rest: string;
  /** File and line, for messages. */
  readonly where: string;
}

/** Keywords whose value is a shell line, with the shell's quotes. */
const RAW = new Set(['proxycommand', 'localcommand', 'remotecommand', 'knownhostscommand']);

/** Parses a file (ssh_config(5)). Lines with issues are left out; each issue names its line. */
export function parseConfigLines(
  text: string,
  file: string,
): { lines: readonly ConfigLine[]; issues: readonly string[] } {
  const lines: ConfigLine[] = [];
  const issues: string[] = [];
  text.split('\n').forEach((raw, index) => {
    const where = `${file}:${index + 1}`;
    const match = /^\s*"?([A-Za-z][A-Za-z0-9-]*)"?(?:\s*=\s*|\s+|$)(.*)$/s.exec(raw.replace(/[\s\f]+$/, ''));
    if (!match) {
      if (!/^\s*(#|$)/.test(raw)) issues.push(`${where}: not a keyword with a value`);
      return;
    }
    const [keyword, rest] = [(match[1] ?? '').toLowerCase(), match[2] ?? ''];
    const words = RAW.has(keyword) ? [rest] : splitWords(rest);
    if (!words) issues.push(`${where}: a quote is not closed`);
    else if (words.length === 0 || words[0] === '') issues.push(`${where}: ${match[1] ?? ''} has no value`);
    else lines.push({ keyword, words, rest, where });
  });
  return { lines, issues };
}

/** Splits words with single and double quotes and backslashes, until a comment; undefined if a quote is not closed. */
function splitWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (char === '\\' && (next === '\\' || next === '"' || next === "'" || (quote === '' && next === ' '))) {
      word = (word ?? '') + next;
      at += 1;
    } else if (quote !== '') {
      if (char === quote) quote = '';
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === ' ' || char === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '#' && word === undefined) break;
    else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return quote === '' ? words : undefined;
}
