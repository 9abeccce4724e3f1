import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ROOT_SCRIPTS } from '../../src/operations/sudoers/root-scripts.ts';
import { rootProgramArgv, scriptDigest, UNKNOWN_SCRIPT } from '../../src/host/run/root-program.ts';
import { scriptCommand } from '../../src/host/run/shell.ts';
import { callLine, callsText } from '../../src/reconcile/calls.ts';
import { PROBES } from '../../src/reconcile/facts.ts';
import { shellFile } from '../../src/text-files.ts';
import { runCli } from '../support/run-cli.ts';

const SRC = new URL('../../src/', import.meta.url);
const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const text = (file: string): string => readFileSync(new URL(file, SRC), 'utf8');

test('every file NAME.root.sh is in the root program under its own name, and no other file is', () => {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.sh'));
  const known = new Map(ROOT_SCRIPTS.map(({ text: script, name }) => [scriptDigest(script), name]));
  const nameOf = (file: string) => known.get(scriptDigest(shellFile(new URL(file, SRC)).text));
  const root = files.filter((file) => file.endsWith('.root.sh'));
  expect(root.length).toBeGreaterThan(60);
  for (const file of root) expect(nameOf(file)).toBe(basename(file, '.root.sh'));
  expect(files.filter((file) => !file.endsWith('.root.sh') && nameOf(file) !== undefined)).toEqual([]);
});

test('no two scripts have one name: sudo’s log would not say which of them ran', () => {
  const names = ROOT_SCRIPTS.map(({ name }) => name);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test('no script is run by a shell that reads it from stdin: a root program could not know it', () => {
  expect(sources.filter((file) => /'sh', '-s'/.test(text(file)))).toEqual([]);
});

test('no script runs arbitrary commands', () => {
  expect(ROOT_SCRIPTS.filter(({ text: script }) => /^\s*(exec )?"\$@"\s*$/.test(script))).toEqual([]);
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
  const own = ROOT_SCRIPTS.find(({ name }) => name === 'own');
  const argv = scriptCommand({
    name: 'own',
    text: own?.text ?? '',
    args: [`${process.getuid?.()}`, '0640', file],
  }).argv;
  const [, ...words] = rootProgramArgv('meshx-aa', argv) ?? [];
  const ran = run(words);
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: `meshx-aa ${ran.pid}\n` });
});

test.each([
  ['a script that it does not have', ['meshx-aa', scriptDigest('id'), 'meshx-id'], UNKNOWN_SCRIPT],
  ['a script by its text', ['meshx-aa', 'sh', 'meshx-id', '-c', 'id'], 64],
  ['a name that is none of ours', ['meshx-aa', scriptDigest(PROBES.text), 'sh'], 64],
  ['nothing', [], 64],
  ['a function of its own', ['meshx-aa', 'put', 'meshx-put'], 64],
])('the root program refuses %s', (_what, args, status) => {
  const ran = run(args);
  expect({ status: ran.status, stdout: ran.stdout }).toEqual({ status, stdout: '' });
});

const ask = (lines: string, env = {}) => run(['meshx-aa', scriptDigest(PROBES.text), 'meshx-probes'], lines, env);
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

test.each(['executable', 'package', 'unit', 'user'])('a probe of the %s without words fails alone', (name) => {
  const ran = ask(callsText([callLine('ask', name), callLine('ask', 'package', '/nowhere')]));
  expect(ran.stderr).toContain('the probe needs');
  expect(said(ran)).toMatch(/^1 0\n0 \d+\n\w+\n--\n$/);
});

test('the root program does not follow the caller’s environment', () => {
  const answer = said(ask(callsText([callLine('ask', 'package', '/nowhere')]), { MESHX_ROOT: folder }));
  expect(answer).not.toContain('image');
  expect(answer).toMatch(/^0 \d+\n\w+\n--\n$/);
});

test.each(['meshx-run-begin', 'meshx-probes2', 'meshx-probes\nmeshx-x', 'meshx-*', 'meshx-'])(
  'the root program runs each script only under its own name, so sudo’s log shows what ran: %j',
  (name) => {
    const ran = run(['meshx-aa', scriptDigest(PROBES.text), name], callsText([callLine('ask', 'package', '/nowhere')]));
    expect(ran.status).not.toBe(0);
    expect(ran.stdout).toBe('');
  },
);

test('every script is run under the name of its file', () => {
  const named = sources.filter((file) => /\bname: ['`][^,]*,\s*text\b[^}]*\bargs\b/.test(text(file)));
  expect(named).toEqual([]);
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
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  },
);
