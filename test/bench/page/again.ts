import type { Results } from '../record.ts';
import { ratio, table } from './format.ts';
import { type Compared, comparePairs } from './pairs.ts';

/** The verdicts of a second run of all that has a target beside those of the first; nothing without one. */
export function againSection(results: Results, again: Results | undefined): readonly string[] {
  if (!again) return [];
  const aimed = (of: Results): readonly Compared[] => comparePairs(of).filter(({ pair }) => pair.target);
  const second = aimed(again);
  const both = aimed(results).map((first, index) => ({ first, then: second[index] }));
  const same = both.filter(({ first, then }) => first.verdict === then?.verdict).length;
  const { at, commit } = again.run;
  return [
    '### Measured again',
    '',
    `All that has a target once more, of commit ${commit}, ${at.slice(0, 16).replace('T', ' ')} (\`docs/performance-again.jsonl\`): ${same} of ${both.length} verdicts are the same.`,
    '',
    ...table(
      ['what', 'instead of', 'ratio', 'again', 'verdict', 'again'],
      both.map(({ first: { pair, ...first }, then }) => [
        ...[pair.title, pair.alternative, ratio(first.ratio), ratio(then?.ratio)],
        ...[`${first.verdict}`, first.verdict === then?.verdict ? `${then?.verdict}` : `**${then?.verdict}**`],
      ]),
    ),
  ];
}
