import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../src/cli/commands.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

async function scriptOf(shell: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(['completion', shell]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** What each shell offers for the last word, by the printed script itself. */
const ASK: Readonly<Record<string, (script: string, words: readonly string[]) => readonly string[]>> = {
  bash: (script, words) => [
    '-c',
    `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _meshx; printf "%s\\n" "\${COMPREPLY[@]}"`,
    ...['bash', ...words],
  ],
  zsh: (script, words) => [
    ...['-f', '-c'],
    `compdef() {}; _files() {}; _describe() { print -l -- "\${(@P)2}"; }; ${script}\nwords=("$@") CURRENT=$#; _meshx`,
    ...['zsh', ...words],
  ],
  fish: (script, words) => ['--no-config', '-c', `${script}\ncomplete -C '${words.join(' ')}'`],
};

const SHELLS = ['bash', 'zsh', 'fish'];
const INSTALLED = SHELLS.filter((shell) => spawnSync(shell, ['--version']).status === 0);

async function offered(shell: string, ...words: readonly string[]): Promise<readonly string[]> {
  const argv = ASK[shell]?.(await scriptOf(shell), ['meshx', ...words]) ?? [];
  const lines = execFileSync(shell, argv, { cwd: '/' }).toString().split('\n');
  // zsh and fish offer descriptions too.
  return lines
    .map((line) => line.split(/[:\t]/)[0] ?? '')
    .filter((word) => word !== '' && word.startsWith(words.at(-1) ?? ''));
}

describe.each(INSTALLED)('%s', (shell) => {
  test('reads its script without a fault', async () => {
    const file = join(temporaryFolder(), 'script');
    writeFileSync(file, await scriptOf(shell));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('completes commands, commands of a group and options', async () => {
    expect(await offered(shell, 'reg')).toEqual(['register']);
    expect(await offered(shell, 'expose', '')).toEqual(expect.arrayContaining(['apply', 'status', 'delete']));
    expect(await offered(shell, 'expose', 'apply', '--prov')).toEqual(['--provider']);
    expect(await offered(shell, 'register', '--name')).toEqual(['--namespace']);
  });

  test('takes the value of an option for no command', async () => {
    expect(await offered(shell, '-n', 'up', 'reg')).toEqual(['register']);
  });
});

test('bash completes the value of an option as a file', async () => {
  expect(await offered('bash', 'up', '--package', '')).toEqual([]);
});

test.each(SHELLS)('%s knows every command and every option of it', async (shell) => {
  const text = await scriptOf(shell);
  for (const { name, options } of commands) {
    expect(text).toContain(shell === 'fish' ? `\\'meshx ${name}\\'` : `\nmeshx ${name}\t`);
    const longs = options.map(([syntax]) => /--([\w-]+)/.exec(syntax)?.[1] ?? '');
    expect(longs.filter((long) => !text.includes(shell === 'fish' ? `-l ${long} ` : `--${long}`))).toEqual([]);
  }
});

test('another shell is wrong usage', async () => {
  const { exitCode, stdout, stderr } = await runCli(['completion', 'ksh']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('There is no completion for "ksh".');
});
