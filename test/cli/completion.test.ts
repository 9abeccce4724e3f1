import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../src/cli/commands.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

async function scriptOf(shell: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli(['completion', shell]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout;
}

/** What each shell offers for the last argument, by the printed script itself, which is in a file. */
const ASK: Readonly<Record<string, (file: string, words: readonly string[]) => readonly string[]>> = {
  bash: (file, words) => [
    '-c',
    `. '${file}'\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _meshx; printf "%s\\n" "\${COMPREPLY[@]}"`,
    ...['bash', ...words],
  ],
  zsh: (file, words) => [
    ...['-f', '-c'],
    `compdef() {}; _files() {}; _describe() { print -l -- "\${(@P)2}"; }; source '${file}'\nwords=("$@") CURRENT=$#; _meshx`,
    ...['zsh', ...words],
  ],
  fish: (file, words) => ['--no-config', '-c', `source '${file}'\ncomplete -C '${words.join(' ')}'`],
};

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'];
const INSTALLED = Object.keys(ASK).filter((shell) => spawnSync(shell, ['--version']).status === 0);

/** Its script as a file; written once. */
async function fileOf(shell: string): Promise<string> {
  const file = join(bin, `script.${shell}`);
  if (!existsSync(file)) writeFileSync(file, await scriptOf(shell));
  return file;
}

/** A meshx that answers as the real one does to its own script. */
const bin = temporaryFolder();
writeFileSync(
  join(bin, 'meshx'),
  '#!/bin/sh\ncase "$*" in "completion --values contexts") printf "prod\\ntest\\n" ;; "completion --values hosts") echo db-1 ;; esac\n',
  { mode: 0o755 },
);

async function offered(shell: string, ...words: readonly string[]): Promise<readonly string[]> {
  const argv = ASK[shell]?.(await fileOf(shell), ['meshx', ...words]) ?? [];
  const lines = execFileSync(shell, argv, { cwd: '/', env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` } })
    .toString()
    .split('\n');
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

  test('completes values: of a list, of verbs, and names that meshx prints', async () => {
    expect(await offered(shell, 'up', '--accept-risk', 'app')).toEqual(['apparmor']);
    expect(await offered(shell, 'register', '-o', 'y')).toEqual(['yaml']);
    expect(await offered(shell, 'up', '--context', 'p')).toEqual(['prod']);
    expect(await offered(shell, 'down', 'db')).toEqual(['db-1']);
    expect(await offered(shell, 'capture', 'db-1', 'exp')).toEqual(['explain']);
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

describe('the names for a completion', () => {
  const KUBECONFIG =
    'contexts:\n- {name: prod, context: {cluster: a, namespace: shop}}\n- {name: "$(reboot)", context: {}}\n';

  async function names(kind: string): Promise<string> {
    const home = temporaryFolder();
    for (const folder of ['.kube', '.ssh']) mkdirSync(join(home, folder));
    writeFileSync(join(home, '.kube/config'), `apiVersion: v1\nkind: Config\n${KUBECONFIG}`);
    writeFileSync(join(home, '.ssh/config'), 'Host db-1 db-2 web-*\n  User me\nHost !no "a;b"\n');
    const { exitCode, stdout, stderr } = await runCli(['completion', '--values', kind], { home });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    return stdout;
  }

  test('are plain ones of the own files, and of the kubeconfig where the cluster cannot be read', async () => {
    expect(await names('contexts')).toBe('prod\n');
    expect(await names('hosts')).toBe('db-1\ndb-2\n');
    expect(await names('namespaces')).toBe('shop\n');
    expect((await names('groups')).trim()).toBe('');
  });
});
