// jest.mjs SUITE [--slowest] [JEST OPTIONS]: runs one jest project and closes with the plain count that CI reads:
// `N passed, N failed`. --slowest lists the ten slowest files before it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [suite = 'unit', ...options] = process.argv.slice(2);
const rest = options.filter((option) => option !== '--slowest');
const results = join(root, '.results');
const file = join(results, `${suite}.json`);
mkdirSync(results, { recursive: true });
rmSync(file, { force: true });

// Two more than cores, so that no core is idle while tests wait for a time limit.
const workers = availableParallelism() + 2;
const run = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings',
    join(root, 'node_modules/jest/bin/jest.js'),
    ...['--selectProjects', suite, '--json', '--outputFile', file],
    ...(suite === 'e2e' ? ['--runInBand'] : [`--maxWorkers=${workers}`]),
    // A slow machine must fail no test.
    '--testTimeout=60000',
    ...rest,
  ],
  // --json also prints the whole report on stdout; people read stderr.
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
);

let report;
try {
  report = JSON.parse(readFileSync(file, 'utf8'));
} catch {
  report = { numPassedTests: 0, numFailedTests: 1, numRuntimeErrorTestSuites: 0, success: false };
}
if (options.includes('--slowest')) showSlowest(report);
const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
const ok = run.status === 0 && report.success && failed === 0 && report.numPassedTests > 0;
console.log(`${report.numPassedTests} passed, ${ok ? 0 : Math.max(failed, 1)} failed`);
process.exitCode = ok ? 0 : 1;

/** The time of a file is that of its worker: it includes waiting, and waiting for a core. */
function showSlowest({ startTime, testResults = [] }) {
  const files = testResults.map(({ name, startTime: begun, endTime }) => ({ name, seconds: (endTime - begun) / 1000 }));
  const all = files.reduce((sum, { seconds }) => sum + seconds, 0);
  for (const { name, seconds } of files.sort((a, b) => b.seconds - a.seconds).slice(0, 10))
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${relative(root, name)}`);
  const wall = (Math.max(...testResults.map(({ endTime }) => endTime)) - startTime) / 1000;
  console.log(`${all.toFixed(1).padStart(7)} s  in all ${files.length} files, ${wall.toFixed(1)} s by the clock`);
}
