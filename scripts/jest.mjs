// jest.mjs SUITE [--slowest] [JEST OPTIONS]: runs one jest project and closes with the plain count that CI reads:
// `N passed, N failed`. --slowest lists the ten slowest files before it. e2e without options runs in two labs side by side.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [suite = 'unit', ...options] = process.argv.slice(2);
const rest = options.filter((option) => option !== '--slowest');
/** Each suite has its own: reading that of `unit` builds its tests. */
const CONFIGS = { unit: join(root, 'jest.config.mjs'), e2e: join(root, 'test/e2e/jest.config.mjs') };
const results = join(root, '.results');
const file = join(results, `${suite}.json`);
mkdirSync(results, { recursive: true });
rmSync(file, { force: true });

// Two more than cores, so that no core is idle while tests wait for a time limit.
const workers = availableParallelism() + 2;
// A test of the lab mostly waits: for a boot, a push of istiod, a time limit.
const isSplit = suite === 'e2e' && rest.length === 0;
const lab = process.env.MESHX_LAB || 'mx';
if (suite === 'e2e') prepareLab();
// Each run ends its own lab when it is stopped. Ctrl-C reaches all processes of the terminal.
process.on('SIGINT', () => undefined);
const runs = isSplit
  ? await Promise.all([jest('--shard=1/2'), jest('--shard=2/2', { MESHX_LAB: `${lab.slice(0, 9)}2` })])
  : [await jest(...rest)];

const report = merged(runs.map(({ report }) => report));
writeFileSync(file, JSON.stringify(report));
if (options.includes('--slowest')) showSlowest(report);
const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
const ok = runs.every(({ status, report }) => status === 0 && report.success && report.numPassedTests > 0);
console.log(`${report.numPassedTests} passed, ${ok ? 0 : Math.max(failed, 1)} failed`);
process.exitCode = ok ? 0 : 1;

/** What both labs share is built once, before them. */
function prepareLab() {
  for (const words of [['scripts/build.mjs'], ['--import', 'tsx', 'test/lab/main.ts', 'build']]) {
    const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status === 0) continue;
    console.log('0 passed, 1 failed');
    process.exit(1);
  }
}

/** Runs jest. The last argument may be variables for it. */
async function jest(...words) {
  const env = typeof words.at(-1) === 'object' ? words.pop() : {};
  const out = join(results, `${suite}.${process.pid}.${env.MESHX_LAB ?? 'jest'}.json`);
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--no-warnings',
      join(root, 'node_modules/jest/bin/jest.js'),
      ...['--config', CONFIGS[suite], '--json', '--outputFile', out],
      ...(suite === 'e2e' ? ['--runInBand'] : [`--maxWorkers=${workers}`]),
      // A slow machine must fail no test.
      '--testTimeout=60000',
      ...words,
    ],
    // --json also prints the whole report on stdout; people read stderr.
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } },
  );
  process.on('SIGTERM', () => child.kill());
  const status = await new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  return { status, report: takeReport(out) };
}

function takeReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    const nothing = { name: suite, status: 'failed', message: 'jest ended without a report', assertionResults: [] };
    return {
      success: false,
      ...{ numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 1 },
      testResults: [nothing],
    };
  } finally {
    rmSync(path, { force: true });
  }
}

/** One report of all, with the fields that are read here, by the summary of CI and by `npm run acceptance`. */
function merged(reports) {
  const sum = (field) => reports.reduce((total, report) => total + report[field], 0);
  return {
    success: reports.every(({ success }) => success),
    numPassedTests: sum('numPassedTests'),
    numFailedTests: sum('numFailedTests'),
    numRuntimeErrorTestSuites: sum('numRuntimeErrorTestSuites'),
    startTime: Math.min(...reports.map(({ startTime }) => startTime)),
    testResults: reports.flatMap(({ testResults }) => testResults),
  };
}

/** The time of a file is that of its worker: it includes waiting, and waiting for a core. */
function showSlowest({ startTime, testResults }) {
  const files = testResults.map(({ name, startTime: begun, endTime }) => ({ name, seconds: (endTime - begun) / 1000 }));
  const all = files.reduce((sum, { seconds }) => sum + seconds, 0);
  for (const { name, seconds } of files.sort((a, b) => b.seconds - a.seconds).slice(0, 10))
    console.log(`${seconds.toFixed(1).padStart(7)} s  ${relative(root, name)}`);
  const wall = (Math.max(...testResults.map(({ endTime }) => endTime)) - startTime) / 1000;
  console.log(`${all.toFixed(1).padStart(7)} s  in all ${files.length} files, ${wall.toFixed(1)} s by the clock`);
}
