import type { Facts } from '../../../src/reconcile/facts.ts';
import { plan, summaries } from '../../../src/reconcile/plan.ts';
import type { Step } from '../../../src/reconcile/resource.ts';
import type { Side, Taken } from '../runner.ts';
import { nothingToClose, type Series } from '../series.ts';

const COUNTS = [10, 100, 1000];

/** The plan of as many files that are not there, in this process. */
export const growthPlan: Series = {
  id: 'growth-plan',
  rounds: 21,
  open: async () =>
    await Promise.resolve({
      warmUp: true,
      sides: COUNTS.map((count): Side => ({ id: String(count), take: planned(count) })),
      [Symbol.asyncDispose]: nothingToClose,
    }),
};

function planned(count: number): Side['take'] {
  const paths = Array.from({ length: count }, (_, index) => `/etc/bench/${index}`);
  const wants = paths.map((path) => ({ kind: 'file', path, content: 'x', owner: 'root', mode: '0644' }) as const);
  const steps: readonly Step[] = [{ id: 'files', title: 'Files', wants }];
  const absent = { exitCode: 0, stdout: '', stderr: '' };
  const facts: Facts = new Map(paths.map((path) => [`file:${path}`, absent]));
  return async (): Promise<Taken> => {
    const began = performance.now();
    const said = summaries(plan(steps, facts));
    const ms = performance.now() - began;
    return await Promise.resolve(
      said.length === count ? { outcome: 'ok', ms } : { outcome: 'failed', ms, detail: `${said.length} changes` },
    );
  };
}
