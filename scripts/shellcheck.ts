// Runs shellcheck over every shell file of the project, the scripts sent to a VM among them, and the root program.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_SCRIPTS } from '../src/operations/sudoers/root-scripts.ts';
import { rootProgram } from '../src/host/run/root-program.ts';

const root = new URL('..', import.meta.url).pathname;
process.exitCode = main();

function main(): number {
  const installed = installShellcheck();
  if (installed !== 0) return installed;
  const folder = mkdtempSync(join(tmpdir(), 'meshx-shellcheck-'));
  try {
    // Both, although one failed: a run shows every finding.
    return Math.max(shellcheck(shellFiles(), root), shellcheck(writeRootProgram(folder), folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Debian's package, installed by root when it is missing. Other users are shown what to install. */
function installShellcheck(): number {
  if (spawnSync('shellcheck', ['--version']).status === 0) return 0;
  if (process.getuid?.() !== 0) {
    console.error('shellcheck is missing. Install it: apt-get install shellcheck');
    return 1;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', 'shellcheck'],
  ]) {
    const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env, timeout: 300_000 });
    if (status !== 0) return 1;
  }
  return 0;
}

/** Tracked files that begin like a shell script, or are named like one. shellcheck knows neither zsh nor fish. */
function shellFiles(): readonly string[] {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr.toString()}`);
  const names = listed.stdout.toString().split('\0').filter(Boolean);
  return names.filter((name) => /\.(?:sh|bash)$/.test(name) || /^#!.*\b(?:sh|bash|dash)\b/.test(firstLine(name)));
}

function firstLine(name: string): string {
  try {
    return readFileSync(join(root, name), 'latin1').split('\n', 1)[0] ?? '';
  } catch {
    // Deleted in the working tree, but still in the index.
    return '';
  }
}

/** Composed scripts: every part is a file that was checked above, so one example is enough. */
function writeRootProgram(folder: string): readonly string[] {
  const program = rootProgram(ROOT_SCRIPTS.filter(({ name }) => name === 'own'));
  writeFileSync(join(folder, 'meshx-root.sh'), program);
  return ['meshx-root.sh'];
}

/** At shellcheck's default level, following what a script sources. Prints the findings with the lines they concern. */
function shellcheck(files: readonly string[], cwd: string): number {
  return spawnSync('shellcheck', ['--external-sources', ...files], { cwd, stdio: 'inherit' }).status ?? 1;
}
