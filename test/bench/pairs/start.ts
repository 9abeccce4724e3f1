import { istioctlOf } from '../alternatives/istioctl.ts';
import type { Bench } from '../bench.ts';
import { takenOf } from '../joins.ts';
import type { Side, Taken } from '../runner.ts';
import { nothingToClose, type Series } from '../series.ts';

const LIMIT_MS = 20_000;
/** What takes 60 ms is often a third longer by what else the machine does: one start alone would be a sample of the machine. */
const STARTS = 5;

/** What a person waits for before anything is done. */
export const start: Series = {
  id: 'start',
  rounds: 21,
  open: async (bench) => {
    const spawned = (argv: readonly string[]): Side['take'] => startsOf(bench, argv);
    const sides = [
      { id: '--version', take: spawned([...bench.meshx, '--version']) },
      { id: 'node', take: spawned([process.execPath, '-e', '0']) },
      { id: '--help', take: spawned([...bench.meshx, '--help']) },
      { id: 'istioctl', take: spawned([istioctlOf(bench), 'version', '--remote=false']) },
    ];
    const completion = (await hasCompletion(bench))
      ? [{ id: 'completion', take: spawned([...bench.meshx, 'completion', 'bash']) }]
      : [];
    return { warmUp: true, sides: [...sides, ...completion], [Symbol.asyncDispose]: nothingToClose };
  },
};

/** Takes the middle one of some starts in a row. */
export function startsOf({ inside }: Bench, argv: readonly string[]): Side['take'] {
  return () => middleStart(async () => takenOf(await inside.spawn({ argv, limitMs: LIMIT_MS })));
}

/** The middle one of some starts in a row; the first that does not end well ends them. */
async function middleStart(start: () => Promise<Taken>): Promise<Taken> {
  const all: Taken[] = [];
  while (all.length < STARTS) {
    const taken = await start();
    if (taken.outcome !== 'ok') return taken;
    all.push(taken);
  }
  const middle = all.toSorted((a, b) => a.ms - b.ms)[(STARTS - 1) / 2];
  if (!middle) throw new Error('a sample needs a start');
  return middle;
}

async function hasCompletion({ inside, meshx, note }: Bench): Promise<boolean> {
  const { stdout } = await inside.spawn({ argv: [...meshx, '--help'], limitMs: LIMIT_MS });
  const there = /^ {2}completion\b/m.test(stdout);
  if (!there) note('start  meshx has no completion: not measured');
  return there;
}
