/** Runs the test files in the order of their names. What jest asks of a sequencer, without its memory of durations. */
class ByName {
  sort(tests) {
    return [...tests].sort((a, b) => (a.path < b.path ? -1 : 1));
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

export { ByName as default };
