import type { Bench } from '../bench.ts';
import { joinFresh } from '../joins.ts';
import { runProgram, upWords } from '../meshx.ts';
import type { Side } from '../runner.ts';
import { makeSeat } from '../seat.ts';
import { nothingToClose, type Series } from '../series.ts';
import { packaged } from './executable.ts';

const NAMESPACE = 'agent-join';

/** A first join by the packaged executable, which installs itself as the agent, beside one without an agent. */
export const agentJoin: Series = {
  id: 'agent-join',
  rounds: 7,
  open: async (bench) => {
    await makeSeat(bench, NAMESPACE);
    const { meshx } = await packaged(bench);
    const sides = [joins(bench, meshx, 'agent', []), joins(bench, meshx, 'no-agent', ['--no-agent'])];
    // The first join with the agent packs the program, and later ones find it in the operator's cache.
    return { warmUp: true, sides, [Symbol.asyncDispose]: nothingToClose };
  },
};

function joins(bench: Bench, meshx: string, id: string, more: readonly string[]): Side {
  return {
    id,
    take: async () =>
      await joinFresh(bench, 1, {
        namespace: NAMESPACE,
        join: async (vms) => await runProgram(bench, [meshx, ...upWords(bench, NAMESPACE, vms), ...more]),
      }),
  };
}
