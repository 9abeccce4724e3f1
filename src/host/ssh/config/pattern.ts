/** One position of a pattern: a star, or a test of one character. */
export type PatternPart = '*' | ((character: string) => boolean);

/** One pattern of OpenSSH (ssh_config(5), PATTERNS): `*` is any text, `?` one character. */
function matchesPattern(pattern: string, text: string): boolean {
  return matchesParts([...pattern].map(plainPart), text);
}

/** A character of a pattern outside brackets. */
export function plainPart(character: string): PatternPart {
  if (character === '*') return '*';
  return (one) => character === '?' || one === character;
}

/** Backtracks over one star at most, so a hostile pattern cannot take long. */
export function matchesParts(parts: readonly PatternPart[], text: string): boolean {
  const characters = [...text];
  let [p, t, star, mark] = [0, 0, -1, 0];
  for (let character = characters[t]; character !== undefined; character = characters[t]) {
    const part = parts[p];
    if (part === '*') {
      [star, mark] = [p, t];
      p += 1;
    } else if (part?.(character)) {
      [p, t] = [p + 1, t + 1];
    } else if (star >= 0) {
      mark += 1;
      [p, t] = [star + 1, mark];
    } else return false;
  }
  while (parts[p] === '*') p += 1;
  return p === parts.length;
}

/** A list of patterns, ignoring case: one must match, and none that begins with `!`. */
export function matchesPatterns(patterns: readonly string[], text: string): boolean {
  const lower = patterns.map((pattern) => pattern.toLowerCase());
  return matchesExactly(lower, text.toLowerCase());
}

/** The same with case, for users and Host lines. */
export function matchesExactly(patterns: readonly string[], text: string): boolean {
  const matches = (pattern: string) => matchesPattern(pattern, text);
  const [negated, plain] = [
    patterns.filter((one) => one.startsWith('!')),
    patterns.filter((one) => !one.startsWith('!')),
  ];
  return plain.some(matches) && !negated.some((one) => matches(one.slice(1)));
}
