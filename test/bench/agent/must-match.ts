/** The first group of the pattern in the text. Throws when the text has none. */
export function mustMatch(text: string, pattern: RegExp): string {
  const [, found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`nothing matches ${String(pattern)}`);
  return found;
}
