import { joinFresh } from '../joins.ts';
import { runMeshx, upWords } from '../meshx.ts';
import { makeSeat } from '../seat.ts';
import { nothingToClose, type Series } from '../series.ts';

/** One and eight are measured by the pairs. */
const COUNTS = [2, 4];
const NAMESPACE = 'growth-vms';

/** First joins of two and of four machines in one command. */
export const growthVms: Series = {
  id: 'growth-vms',
  rounds: 3,
  open: async (bench) => {
    await makeSeat(bench, NAMESPACE);
    const sides = COUNTS.map((count) => ({
      id: String(count),
      take: () =>
        joinFresh(bench, count, {
          namespace: NAMESPACE,
          join: (vms) => runMeshx(bench, upWords(bench, NAMESPACE, vms)),
        }),
    }));
    return { sides, [Symbol.asyncDispose]: nothingToClose };
  },
};
