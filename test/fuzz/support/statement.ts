import { Script } from 'node:vm';
import * as fc from 'fast-check';
import { Problem } from '../../../src/problems.ts';
import { LIMIT_MS, RUNS, SEED } from './runs.ts';

/** A reader of outside text may answer or throw a Problem; anything else that it throws is a bug. */
export function orProblem<Answer>(read: () => Answer): Answer | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** A statement about one input; `expect` costs more than most readers. */
export function holds(condition: boolean, what: unknown): void {
  if (!condition) throw new Error(`it does not hold of ${JSON.stringify(what)}`);
}

/**
 * A test of so many inputs, the same for the same seed. One that hangs is interrupted after the limit and named, which a
 * plain test could not do: nothing else runs while a reader loops.
 */
export function fuzz<Input>(title: string, inputs: fc.Arbitrary<Input>, statement: (input: Input) => void): void {
  test(
    title,
    () => {
      let last: Input | undefined;
      const all = fc.property(inputs, (input) => {
        last = input;
        statement(input);
      });
      const run = (): void => fc.assert(all, { numRuns: RUNS, seed: SEED });
      try {
        interruptible(run);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
        throw new Error(`it hangs on ${JSON.stringify(last)}`, { cause: error });
      }
    },
    LIMIT_MS + 10_000,
  );
}

/** The same for a reader that reads files. */
export function fuzzAsync<Input>(
  title: string,
  inputs: fc.Arbitrary<Input>,
  statement: (input: Input) => Promise<void>,
): void {
  const all = fc.asyncProperty(inputs, statement);
  test(title, async () => await fc.assert(all, { numRuns: RUNS, seed: SEED }), LIMIT_MS + 10_000);
}

function interruptible(run: () => void): void {
  new Script('run()').runInNewContext({ run }, { timeout: LIMIT_MS });
}
