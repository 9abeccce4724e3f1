import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_SCRIPTS } from '../../src/cli/sudoers/root-scripts.ts';
import { rootProgramArgv, scriptDigest, UNKNOWN_SCRIPT } from '../../src/host/root-program.ts';
import { scriptCommand } from '../../src/host/shell.ts';
import { callLine, callsText } from '../../src/reconcile/calls.ts';
import { PROBES } from '../../src/reconcile/facts-shell.ts';
import { runCli } from '../support/run-cli.ts';

const SRC = new URL('../../src/', import.meta.url);
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const text = (file: string): string => readFileSync(new URL(file, SRC), 'utf8');

/** What stands as the text of a script in a file: `{ name: …, text: HERE, args: … }`. */
function textsOf(file: string): readonly string[] {
  const found = text(file).matchAll(
    /\bname: (?:'[a-z-]+'|`[a-z-]*\$\{\w+\}`),\s*(?:\/\/[^\n]*\s*)?text(?:: ([^,]+))?,\s*args\b/g,
  );
  return [...found].map((match) => match[1] ?? 'text');
}

const listed = (file: string): string => /export const ROOT_SCRIPTS[^=]*= ([^;]*);/.exec(text(file))?.[1] ?? '';

test('the text of every script is a constant that its file lists among those that run as root', () => {
  const files = sources.filter((file) => textsOf(file).length > 0);
  expect(files.length).toBeGreaterThan(15);
  const loose = files.flatMap((file) => {
    const names = textsOf(file).map((word) => word.replace(/^scripts\..*/, ''));
    return names.filter((word) => !isListed(word, listed(file))).map((word) => `${file}: ${word}`);
  });
  expect(loose).toEqual([]);
});

/** READY is listed as READY.text; a computed one by its parts. */
function isListed(word: string, list: string): boolean {
  if (word.startsWith('`') || word.startsWith("'")) return list.includes('.text');
  const name = /[A-Z_]{3,}/.exec(word)?.[0];
  return word === '' || (name !== undefined && new RegExp(`\\b${name}\\b`).test(list));
}

test('every file that lists scripts is in the root program', () => {
  const files = sources.filter(
    (file) => text(file).includes('export const ROOT_SCRIPTS') && !file.startsWith('cli/sudoers'),
  );
  const program = text('cli/sudoers/root-scripts.ts') + text('cli/actions/sudoers.ts');
  // The list of sudoers itself is put beside the others where the program is made.
  const missing = files.filter((file) => file !== 'cli/actions/sudoers.ts');
  expect(missing.filter((file) => !program.includes(`${file.replace(/^cli\//, '')}'`))).toEqual([]);
});

test('no script is run by a shell that reads it from stdin: a root program could not know it', () => {
  expect(sources.filter((file) => /'sh', '-s'/.test(text(file)))).toEqual([]);
});

test('nothing that runs whatever it is told is among the scripts', () => {
  expect(ROOT_SCRIPTS.filter((script) => /^\s*(exec )?"\$@"\s*$/.test(script))).toEqual([]);
});

let folder: string;
let program: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-root-'));
  const { stdout } = await runCli(['sudoers', '--print-program']);
  program = join(folder, 'meshx-root');
  writeFileSync(program, stdout, { mode: 0o755 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (args: readonly string[], input = '', env = {}) =>
  spawnSync(program, [...args], { input, encoding: 'utf8', env: { PATH: process.env['PATH'], ...env } });

test('the root program announces itself and runs a script that it has, with its words', () => {
  const file = join(folder, 'a b');
  writeFileSync(file, 'x');
  const own = ROOT_SCRIPTS.find((script) => script.startsWith('own '));
  const argv = scriptCommand({ name: 'own', text: own ?? '', args: [`${process.getuid?.()}`, '0640', file] }).argv;
  const [, ...words] = rootProgramArgv('meshx-aa', argv) ?? [];
  const ran = run(words);
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: `meshx-aa ${ran.pid}\n` });
});

test.each([
  ['a script that it does not have', ['meshx-aa', scriptDigest('id'), 'meshx-id'], UNKNOWN_SCRIPT],
  ['a script by its text', ['meshx-aa', 'sh', 'meshx-id', '-c', 'id'], 64],
  ['a name that is none of ours', ['meshx-aa', scriptDigest(PROBES), 'sh'], 64],
  ['nothing', [], 64],
  ['a function of its own', ['meshx-aa', 'put', 'meshx-put'], 64],
])('the root program refuses %s', (_what, args, status) => {
  const ran = run(args);
  expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status, stdout: '' });
});

const ask = (lines: string, env = {}) => run(['meshx-aa', scriptDigest(PROBES), 'meshx-probes'], lines, env);
const said = ({ stdout }: { stdout: string }): string => Buffer.from(stdout, 'base64').toString();

test.each([['own'], ['echo'], ['ls'], ['package;ls'], ['']])('the root program has no probe "%s"', (name) => {
  const ran = ask(callsText([callLine('ask', name, '/nowhere')]));
  expect(ran.stderr).toContain('no probe');
  expect(said(ran)).toBe('failed\n');
});

test('the root program takes no text for a probe', () => {
  expect(said(ask(callsText([callLine('text', scriptDigest('echo mine'), 'echo mine')])))).toBe('failed\n');
});

test('what was cut off on the way asks nothing', () => {
  const ran = ask(callsText([callLine('ask', 'package', '/nowhere')]).slice(0, -2));
  expect(ran.stderr).toContain('cut off');
  expect(said(ran)).toBe('failed\n');
});

test('the root program does not follow the caller’s environment', () => {
  const answer = said(ask(callsText([callLine('ask', 'package', '/nowhere')]), { MESHX_ROOT: folder }));
  expect(answer).not.toContain('image');
  expect(answer).toMatch(/^0 \d+\n\w+\n--\n$/);
});

test('what is no script of ours has no form for the root program', () => {
  expect(rootProgramArgv('meshx-aa', ['id', '-u'])).toBeUndefined();
  expect(rootProgramArgv('meshx-aa', ['sh', '-s', 'meshx-probes'])).toBeUndefined();
});

test('sudoers prints a line with the digest of the program, and says that it is equal to root', async () => {
  const { stdout } = await runCli(['sudoers', '--for', 'deploy']);
  const digest = scriptDigest(readFileSync(program, 'utf8'));
  expect(stdout).toContain(`\ndeploy ALL=(root) NOPASSWD: sha256:${digest} /usr/local/sbin/meshx-root\n`);
  expect(stdout).toContain('THIS IS EQUAL TO ROOT');
  expect((await runCli(['sudoers', 'deploy@istio-vm'])).stdout).toBe(stdout);
});

test.each(['ALL', 'a b', 'x=y', 'root,deploy', 'a\nALL ALL=(ALL) ALL', '#0', '%'])(
  '%j is no user for a sudoers line',
  async (name) => {
    const { exitCode, stdout } = await runCli(['sudoers', '--for', name]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  },
);
