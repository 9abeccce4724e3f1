import { distance } from 'fastest-levenshtein';

/** The names closest to a misspelt word, best first and three at most; none where all are too different. */
export function nearest(word: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, steps: distance(word.slice(0, 80), name) }))
    .filter(({ name, steps }) => steps <= Math.max(2, name.length / 3))
    .sort((a, b) => a.steps - b.steps)
    .slice(0, 3)
    .map(({ name }) => name);
}
