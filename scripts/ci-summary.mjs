// Closes a run of all suites: what failed and why, then the count. node scripts/ci-summary.mjs FAILED_STEPS SUITE=STATUS...
import { readFileSync } from 'node:fs';

/** How many characters of one message are shown: an expectation is at its beginning, the reason often at its end. */
const SHOWN = 2400;
/** How many failed tests are named one by one. */
const NAMED = 60;

function shortened(message) {
  if (message.length <= SHOWN) return message;
  return `${message.slice(0, SHOWN / 3)}\n[...]\n${message.slice((-SHOWN * 2) / 3)}`;
}

/** The failed tests of one file as [title, message]; a file that could not run at all counts as one. */
function failuresOf({ assertionResults = [], name, message, status }) {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) return status === 'failed' && message ? [[name, message]] : [];
  return failed.map((test) => [test.fullName, test.failureMessages.join('\n')]);
}

/** What a suite's report says; a missing report and a bad end without a failed test count as one failure. */
function readSuite(text) {
  const [name, status] = text.split('=');
  try {
    const report = JSON.parse(readFileSync(`.results/${name}.json`, 'utf8'));
    const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
    const failures = (report.testResults ?? []).flatMap(failuresOf);
    return { passed: report.numPassedTests, failed: status === '0' ? failed : Math.max(failed, 1), failures };
  } catch {
    return { passed: 0, failed: 1, failures: [[`${name}: no report`, `${name} ended with ${status}`]] };
  }
}

const [steps, ...names] = process.argv.slice(2);
const suites = names.map(readSuite);
const failures = suites.flatMap((suite) => suite.failures);
// One fault of what tests share fails them all with the same words: said once, so that no other is pushed out of sight.
const byMessage = new Map();
for (const [title, message] of failures) byMessage.set(message, [...(byMessage.get(message) ?? []), title]);
for (const [message, [title, ...more]] of byMessage) {
  console.log(
    `failed: ${title}${more.length > 0 ? ` (and ${more.length} more with the same message)` : ''}\n${shortened(message)}\n`,
  );
}
for (const [title] of failures.slice(0, NAMED)) console.log(`failed: ${title}`);
const passed = suites.reduce((sum, suite) => sum + suite.passed, 0);
const failed = suites.reduce((sum, suite) => sum + suite.failed, Number(steps));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
