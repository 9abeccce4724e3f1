import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { coverage } from './coverage.ts';
import { blockCommands, ROOT } from './pages.ts';
import { missingLines } from './sample.ts';

const folder = temporaryFolder();
/** Where an example of the pages is in the folder. */
const COPIES = [
  ['', 'examples'],
  ['current-cluster', 'current-cluster'],
  ['current-cluster', 'clusters/prod'],
  ['sidecar-package', 'sidecar-package'],
  ['sidecar-package', 'istio-sidecar.deb'],
  ['image', 'istio-vm'],
  ['image', 'image'],
] as const;

beforeAll(() => {
  for (const [from, to] of COPIES) cpSync(join(ROOT, 'examples', from), join(folder, to), { recursive: true });
});

const steps = Object.entries(coverage.offline).flatMap(([page, list]) => list.map((step) => ({ page, ...step })));

/** What a shell makes of a command line of meshx: its words, without quotes and with the files of a pattern. */
function wordsOf(line: string): readonly string[] {
  const text = execFileSync('bash', ['-c', `meshx() { printf '%s\\0' "$@"; }; ${line}`], { cwd: folder, encoding: 'utf8' });
  return text.split('\0').slice(0, -1);
}

/** Commands of meshx run in this process: each start of it takes half a second. */
async function type(line: string): Promise<{ exit: number | null; output: string }> {
  if (line.startsWith('meshx ')) {
    const { exitCode, stdout, stderr } = await runCli(wordsOf(line), { cwd: folder, home: folder });
    return { exit: exitCode, output: stderr + stdout };
  }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', `set -eo pipefail; ${line}`], { cwd: folder, encoding: 'utf8' });
  return { exit: status, output: stderr + stdout };
}

test.each(steps)('$page: $run', async ({ page, run, exit, prints = '' }) => {
  const ran = await type(run.replaceAll('/tmp/', `${folder}/`));
  const output = ran.output.replaceAll(`${folder}/`, '');
  expect({ exit: ran.exit, output: ran.exit === exit ? '' : output }).toEqual({ exit, output: '' });
  expect(output).toContain(prints);
  const shows = blockCommands(page).find((each) => each.run === run)?.shows ?? [];
  expect(missingLines(shows, output)).toEqual([]);
});
