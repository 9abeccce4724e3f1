import { execFileSync } from 'node:child_process';
import { commands } from '../../src/cli/commands.ts';
import { runCli } from '../support/run-cli.ts';

async function scriptOf(shell: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(['completion', shell]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** What bash offers for the last word, by the printed script itself. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const ask = 'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _meshx; printf "%s\\n" "${COMPREPLY[@]}"';
  const output = execFileSync('bash', ['-c', `${await scriptOf('bash')}\n${ask}`, 'bash', 'meshx', ...words]);
  return output
    .toString()
    .split('\n')
    .filter((line) => line !== '');
}

test('bash completes commands, commands of a group and options', async () => {
  expect(await offered('reg')).toEqual(['register']);
  expect(await offered('expose', '')).toEqual(['apply', 'status', 'delete', '-h', '--help']);
  expect(await offered('expose', 'apply', '--prov')).toEqual(['--provider']);
  expect(await offered('register', '--name')).toEqual(['--namespace']);
});

test('a value of an option is no command, and is completed as a file', async () => {
  expect(await offered('-n', 'up', 'reg')).toEqual(['register']);
  expect(await offered('up', '--package', '')).toEqual([]);
});

test.each(['bash', 'zsh', 'fish'])('%s knows every command and every option of it', async (shell) => {
  const text = await scriptOf(shell);
  for (const { name, options } of commands) {
    expect(text).toContain(`'${name}'`.replaceAll("'", shell === 'fish' ? "\\'" : "'"));
    const longs = options.map(([syntax]) => /--([\w-]+)/.exec(syntax)?.[1] ?? '');
    expect(longs.filter((long) => !text.includes(shell === 'fish' ? `-l ${long} ` : `--${long}`))).toEqual([]);
  }
});

test('another shell is wrong usage', async () => {
  const { exitCode, stdout, stderr } = await runCli(['completion', 'ksh']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('There is no completion for "ksh".');
});
