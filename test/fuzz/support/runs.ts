/** Inputs for each statement: 200 in `npm test`, 100,000 in `npm run fuzz`. */
export const RUNS = Number(process.env['FUZZ_RUNS'] ?? '200');

/** Inputs for a statement about a program that takes many of them at once. */
export const BATCHED_RUNS = Math.max(RUNS, 2000);

/** Repeats a run; the same each time in `npm test`, so that no one's work meets another one's luck. */
export const SEED = Number(process.env['FUZZ_SEED'] ?? '20240229');

/** Milliseconds that a whole statement may take: what takes longer hangs. */
export const LIMIT_MS = 60_000 + RUNS * 20;
