import { existsSync } from 'node:fs';

/**
 * Files that take longest, most of it waiting or starting programs: begun last, they would be all that still runs.
 * Those that wait alternate with those that compute.
 */
const LONGEST = [
  'agent/report/reporter',
  'cli/fleet',
  'cli/down',
  'agent/drain/for-unit',
  'cli/setup-vm',
  'vm/questions',
  'vm/capture',
  'vm/dead-man',
  'vm/broken-parts',
  'host/ssh/ssh-host',
  'package',
  'agent/loop',
  'vm/agent-root',
  'agent/probes/protocols',
  'vm/sidecar-roots',
  'host/local-host',
  'reconcile/undo/undo',
  'reconcile/lock',
].map((name) => new URL(`../${name}.test.ts`, import.meta.url).pathname);

/** Runs the longest test files first and the others in the order of their names. What jest asks of a sequencer, without its memory of durations. */
class LongFirst {
  constructor() {
    const gone = LONGEST.filter((path) => !existsSync(path));
    if (gone.length > 0)
      throw new Error(`test/support/long-first.mjs names files that do not exist: ${gone.join(', ')}`);
  }

  sort(tests) {
    const rank = ({ path }) => (LONGEST.includes(path) ? LONGEST.indexOf(path) : LONGEST.length);
    return [...tests].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
  }

  shard(tests) {
    return tests;
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {
    return undefined;
  }
}

export { LongFirst as default };
