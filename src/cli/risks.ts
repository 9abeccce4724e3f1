import { shown } from '../problems/mesh.ts';
import { JOIN_RISKS } from '../operations/join/options.ts';
import type { Input } from './input.ts';
import { nearest } from '../nearest.ts';

/** `--accept-risk`. An unknown name is an issue, with the nearest names. */
export function acceptedRisks(input: Input, known: readonly string[] = JOIN_RISKS): readonly string[] {
  const words = input.list('acceptRisk');
  for (const word of words.filter((each) => !known.includes(each)))
    input.issue(`--accept-risk: there is no risk ${shown(word)}; ${suggestion(word, known)}`);
  return words;
}

function suggestion(word: string, known: readonly string[]): string {
  const names = nearest(word, known);
  return names.length > 0 ? `did you mean ${names.join(' or ')}?` : `the risks are ${known.join(', ')}`;
}
