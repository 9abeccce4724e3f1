// Runs shellcheck over every shell text of the project: the files, the scripts sent to a VM, and the root program.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_SCRIPTS } from '../src/cli/sudoers/root-scripts.ts';
import { shellFiles as remoteScripts } from '../src/text-files.ts';
import { announced } from '../src/host/exchange.ts';
import { LOOK_FOR_ROOT, rootProgram } from '../src/host/root-program.ts';
import { prelude } from '../src/host/shell.ts';

const root = new URL('..', import.meta.url).pathname;
// The prelude calls functions that a script hands it by name, which shellcheck takes for unreachable.
const HEAD = '#!/bin/sh\n# shellcheck disable=SC2317\n. ./prelude.sh\n';

process.exitCode = main();

function main(): number {
  const installed = installShellcheck();
  if (installed !== 0) return installed;
  const folder = mkdtempSync(join(tmpdir(), 'meshx-shellcheck-'));
  try {
    // Both, although one failed: a run shows every finding.
    return Math.max(shellcheck(shellFiles(), root), shellcheck(writeScripts(folder), folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Debian's package, installed by root when it is missing; anyone else is told what to install. */
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

/** Tracked files that begin like a shell script, or are named like one. */
function shellFiles(): readonly string[] {
  const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr.toString()}`);
  const names = listed.stdout.toString().split('\0').filter(Boolean);
  return names.filter((name) => name.endsWith('.sh') || /^#!.*\b(?:sh|bash|dash)\b/.test(firstLine(name)));
}

function firstLine(name: string): string {
  try {
    return readFileSync(join(root, name), 'latin1').split('\n', 1)[0] ?? '';
  } catch {
    // Deleted in the working tree, but still in the index.
    return '';
  }
}

/** Each script as a file of its own, named after its first words; the prelude is a file that the others source. */
function writeScripts(folder: string): readonly string[] {
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  const files = new Set(remoteScripts(new URL('../src/', import.meta.url), '.sh').map(({ text }) => text));
  const literals = [...new Set(ROOT_SCRIPTS)].filter((text) => !files.has(text));
  const scripts = literals.map((text, index) => write(`script-${index}.sh`, `${HEAD}${text}\n`));
  const plain = [announced('token', ['true']), LOOK_FOR_ROOT.argv].map((argv, index) =>
    write(`login-${index}.sh`, `#!/bin/sh\n${argv[2] ?? ''}\n`),
  );
  return [
    write('prelude.sh', `# shellcheck shell=sh\n${prelude()}`),
    write('meshx-root.sh', rootProgram([{ text: 'true', names: ['true'] }])),
    ...scripts,
    ...plain,
  ];
}

/** At shellcheck's default level, following what a script sources. Prints the findings with the lines they concern. */
function shellcheck(files: readonly string[], cwd: string): number {
  return spawnSync('shellcheck', ['--external-sources', ...files], { cwd, stdio: 'inherit' }).status ?? 1;
}
