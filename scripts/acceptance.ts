// Writes docs/acceptance.md from the results of the last test runs: each row of the founding documents → the tests that show it,
// or why there is none. `npm run acceptance`, after `npm test` and `npm run test:e2e`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { acceptancePage, type Excuse, type TestResult } from './acceptance-page.ts';

const SUITES = ['unit', 'e2e'] as const;
const root = new URL('../', import.meta.url);
const fileOf = (suite: string): URL => new URL(`.results/${suite}.json`, root);

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

/** A test that was skipped shows nothing, so it is not among the results. */
function resultsOf(suite: string): readonly TestResult[] {
  const report = JSON.parse(readFileSync(fileOf(suite), 'utf8')) as Report;
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'passed' || status === 'failed')
      .map(({ title, status }) => ({
        file: name.slice(name.lastIndexOf('/test/') + 1),
        title,
        passed: status === 'passed',
      })),
  );
}

function writePage(): void {
  const excuses = JSON.parse(readFileSync(new URL('docs/acceptance-excuses.json', root), 'utf8')) as Record<
    string,
    Excuse
  >;
  const page = acceptancePage(SUITES.flatMap(resultsOf), excuses);
  writeFileSync(new URL('docs/acceptance.md', root), page.text);
  console.log(`${page.shown} rows shown by tests, ${page.later} later, ${page.outOfScope} out of scope`);
  for (const complaint of page.complaints) console.error(complaint);
  process.exitCode = page.complaints.length > 0 ? 1 : 0;
}

const missing = SUITES.filter((suite) => !existsSync(fileOf(suite)));
for (const suite of missing) {
  const command = suite === 'unit' ? 'npm test' : `npm run test:${suite}`;
  console.error(`.results/${suite}.json is not there, so docs/acceptance.md was not written; make it with: ${command}`);
}
if (missing.length > 0) process.exitCode = 1;
else writePage();
