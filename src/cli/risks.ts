import { cliProblems } from '../problems/cli.ts';
import { shown } from '../problems/mesh.ts';
import { RISKS } from '../checks/risk.ts';
import type { Input } from './input.ts';
import { nearest } from './nearest.ts';

/** Risks of a join: those of the preflight, and that of its mutual TLS. */
const JOIN_RISKS: readonly string[] = [...RISKS, cliProblems.outsideClientHangs.id];

/** `--accept-risk`. A name that no check has would accept nothing: it is an issue, with the names that are nearest to it. */
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
