import { cliProblems } from '../problems/cli.ts';
import { shown } from '../problems/mesh.ts';
import { RISKS } from '../vm/finding.ts';
import type { Input } from './input.ts';

/** Risks of a join: those of the preflight, and that of its mutual TLS. */
export const JOIN_RISKS: readonly string[] = [...RISKS, cliProblems.outsideClientHangs.id];

/** `--accept-risk`. A name that no check has would accept nothing: it is an issue, with the names that are nearest to it. */
export function acceptedRisks(input: Input, known: readonly string[] = JOIN_RISKS): readonly string[] {
  const words = input.list('acceptRisk');
  for (const word of words.filter((each) => !known.includes(each)))
    input.issue(`--accept-risk: there is no risk ${shown(word)}; ${suggestion(word, known)}`);
  return words;
}

function suggestion(word: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, steps: distance(word, name) }))
    .filter(({ name, steps }) => steps <= Math.max(2, name.length / 3))
    .sort((a, b) => a.steps - b.steps);
  const names = near.slice(0, 3).map(({ name }) => name);
  return names.length > 0 ? `did you mean ${names.join(' or ')}?` : `the risks are ${known.join(', ')}`;
}

/** Levenshtein: how many letters have to be added, taken away or changed. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [at, letter] of [...one.slice(0, 80)].entries()) {
    const next = [at + 1];
    for (const [index, against] of [...other].entries())
      next.push(
        Math.min((row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1, (row[index] ?? 0) + (letter === against ? 0 : 1)),
      );
    row = next;
  }
  return row.at(-1) ?? 0;
}
