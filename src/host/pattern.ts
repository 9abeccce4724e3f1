/**
 * One pattern of OpenSSH (ssh_config(5), PATTERNS): `*` is any text, `?` one character. Case does not matter for names of hosts.
 * Without backtracking over more than one star, so that a hostile pattern cannot take long.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      [star, mark] = [p, t];
      p += 1;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      [p, t] = [p + 1, t + 1];
    } else if (star >= 0) {
      mark += 1;
      [p, t] = [star + 1, mark];
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}

/** A list of patterns: one must match, and none of those that begin with `!`. Only negations never match. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  const lower = text.toLowerCase();
  const matches = (pattern: string) => matchesPattern(pattern.toLowerCase(), lower);
  const [negated, plain] = [
    patterns.filter((one) => one.startsWith('!')),
    patterns.filter((one) => !one.startsWith('!')),
  ];
  return plain.some(matches) && !negated.some((one) => matches(one.slice(1)));
}
