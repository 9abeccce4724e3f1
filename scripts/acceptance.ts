// Writes docs/acceptance.md from test/requirements.yaml. After `npm test` and `npm run test:e2e` it also names the tests of
// requirements that failed or did not run. `npm run acceptance`
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { acceptancePage, complaints, readRequirements, type TestResult } from './acceptance-page.ts';

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

const requirements = readRequirements(readFileSync(new URL('test/requirements.yaml', root), 'utf8'));
writeFileSync(new URL('docs/acceptance.md', root), acceptancePage(requirements));
const missing = SUITES.filter((suite) => !existsSync(fileOf(suite)));
for (const suite of missing) {
  const command = suite === 'unit' ? 'npm test' : `npm run test:${suite}`;
  console.error(`.results/${suite}.json does not exist, so no results were compared. Run: ${command}`);
}
const wrong = missing.length > 0 ? [] : complaints(requirements, SUITES.flatMap(resultsOf));
for (const complaint of wrong) console.error(complaint);
process.exitCode = wrong.length > 0 ? 1 : 0;
