import { matchesParts, type PatternPart, plainPart } from './pattern.ts';

/** A bracket expression; a `]` in the first position is literal. */
const BRACKETS = /^\[([!^]?)(\]?(?:\[:\w+:\]|[^\]])*)\]/;
const PART_OF_SET = /\[:(\w+):\]|(.)-(.)|(.)/gsu;

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[a-z0-9]/i,
  alpha: /[a-z]/i,
  digit: /[0-9]/,
  lower: /[a-z]/,
  upper: /[A-Z]/,
};

/** Whether a path has glob characters. */
export const isGlob = (path: string): boolean => /[*?[]/.test(path);

/** Matches a file name by glob(7): `*`, `?` and brackets, as in `[0-9]*.conf` and `[!a-z]`. */
export function matchesGlob(glob: string, name: string): boolean {
  return matchesParts(partsOf(glob), name);
}

function partsOf(glob: string): readonly PatternPart[] {
  const parts: PatternPart[] = [];
  let rest = glob;
  while (rest !== '') {
    const [whole, negation, set = ''] = BRACKETS.exec(rest) ?? [];
    const [character = ''] = rest;
    parts.push(whole === undefined ? plainPart(character) : (one) => isIn(set, one) !== (negation !== ''));
    rest = rest.slice((whole ?? character).length);
  }
  return parts;
}

function isIn(set: string, character: string): boolean {
  return [...set.matchAll(PART_OF_SET)].some(([, name, from, to, single]) => {
    if (name !== undefined) return CLASSES[name]?.test(character) ?? false;
    if (from !== undefined && to !== undefined) return from <= character && character <= to;
    return single === character;
  });
}
