import { type Pair, PAIRS } from '../pairs.ts';
import { type Results, timesOf } from '../record.ts';
import { compare, type Comparison } from '../statistics.ts';
import { ratio, spread, table } from './format.ts';

export interface Compared extends Comparison {
  readonly pair: Pair;
}

/** Every pair with what was measured of it. */
export function comparePairs(results: Results): readonly Compared[] {
  return PAIRS.map((pair) => {
    const { series, ours, theirs, target } = pair;
    return { pair, ...compare(timesOf(results, series, ours), timesOf(results, series, theirs), target) };
  });
}

/** Pairs that have a target, and those shown for comparison. */
export function pairTables(results: Results): readonly string[] {
  const all = comparePairs(results);
  const aimed = all.filter(({ pair }) => pair.target);
  const told = all.filter(({ pair, ratio: measured }) => !pair.target && measured !== undefined);
  return [
    ...table(
      ['what', 'instead of', 'target', 'stretch', 'ratio', 'meshx', 'the other', 'samples', 'verdict'],
      aimed.map(({ pair, verdict, ...measured }) => {
        const target = [ratio(pair.target?.reach), ratio(pair.target?.hoped)];
        return [pair.title, pair.alternative, ...target, ...cells(measured), `**${verdict}**`];
      }),
    ),
    'Without a target:',
    '',
    ...table(
      ['what', 'instead of', 'ratio', 'meshx', 'the other', 'samples'],
      told.map(({ pair, ...measured }) => [pair.title, pair.alternative, ...cells(measured)]),
    ),
  ];
}

function cells({ ours, theirs, ratio: measured }: Omit<Comparison, 'verdict'>): readonly string[] {
  const samples = `${ours?.count ?? 0}, ${theirs?.count ?? 0}`;
  return [ratio(measured), spread(ours), spread(theirs), samples];
}
