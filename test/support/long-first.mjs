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

/** The longest of the lab, each with its neighbour of about the same length: they go to different labs. */
const LONGEST_IN_LAB = [
  ...[
    'documents',
    'agent',
    'agent-drain',
    'resolver',
    'down',
    'settings',
    'package',
    'classic',
    'fleet',
    'least',
    'firewalls',
    'survive',
  ],
  ...['agent-rights', 'switch', 'adopt', 'evict', 'join', 'installed', 'verify', 'former-build', 'ambient'],
].map((name) => new URL(`../e2e/${name}.test.ts`, import.meta.url).pathname);

/** Runs the longest test files first and the others in the order of their names. What jest asks of a sequencer, without its memory of durations. */
class LongFirst {
  constructor() {
    const gone = [...LONGEST, ...LONGEST_IN_LAB].filter((path) => !existsSync(path));
    if (gone.length > 0)
      throw new Error(`test/support/long-first.mjs names files that do not exist: ${gone.join(', ')}`);
  }

  sort(tests) {
    return byRank(LONGEST, tests);
  }

  /** The same files in the same lab everywhere. */
  shard(tests, { shardIndex, shardCount }) {
    return byRank(LONGEST_IN_LAB, tests).filter((_, at) => at % shardCount === shardIndex - 1);
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {
    return undefined;
  }
}

function byRank(paths, tests) {
  const rank = ({ path }) => (paths.includes(path) ? paths.indexOf(path) : paths.length);
  return [...tests].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1));
}

export { LongFirst as default };
