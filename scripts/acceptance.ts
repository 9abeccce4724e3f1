// Writes docs/acceptance.md from the results of the last test runs: each row of the founding documents → the tests that show it,
// or why there is none. `npm run acceptance`, after `npm test` and `npm run test:e2e`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { acceptancePage, type Excuse, type TestResult } from './acceptance-page.ts';

const root = new URL('../', import.meta.url);

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

function resultsOf(suite: string): readonly TestResult[] {
  const file = new URL(`.results/${suite}.json`, root);
  if (!existsSync(file)) throw new Error(`run the ${suite} tests first: ${file.pathname} is missing`);
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  return report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, status }) => ({
      file: name.slice(name.lastIndexOf('/test/') + 1),
      title,
      passed: status === 'passed',
    })),
  );
}

const excuses = JSON.parse(readFileSync(new URL('docs/acceptance-excuses.json', root), 'utf8')) as Record<
  string,
  Excuse
>;
const page = acceptancePage([...resultsOf('unit'), ...resultsOf('e2e')], excuses);
writeFileSync(new URL('docs/acceptance.md', root), page.text);
console.log(`${page.shown} rows shown by tests, ${page.excused} later or out of scope`);
for (const complaint of page.complaints) console.error(complaint);
process.exitCode = page.complaints.length > 0 ? 1 : 0;
