import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseOne, chooseSeveral } from '../../src/cli/first-run/choose.ts';
import { suggestedService } from '../../src/cli/first-run/suggested-service.ts';
import { parseServices } from '../../src/cli/workload-options.ts';
import { fingerprint } from '../../src/host/ssh/fingerprint.ts';
import { randomArt } from '../../src/host/ssh/random-art.ts';
import { builtProgram } from '../support/built-program.ts';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { expectGolden } from '../support/golden.ts';
import { problemOf } from '../support/problem.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';
import { sshServer } from '../support/ssh-server.ts';

let program: string;
beforeAll(() => void (program = builtProgram()), 60_000);

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: prod
contexts:
- {name: prod, context: {cluster: a, user: a, namespace: shop}}
- {name: test, context: {cluster: a, user: a}}
`;

/** A home with two hosts and two contexts. */
function aHome(port: number): string {
  const home = temporaryFolder();
  for (const folder of ['.ssh', '.kube']) mkdirSync(join(home, folder), { mode: 0o700 });
  const all = `Host *\n  User me\n  Port ${port}\n  UserKnownHostsFile ${home}/.ssh/known_hosts\n`;
  writeFileSync(join(home, '.ssh/config'), `Host db-1\n  HostName 127.0.0.1\nHost web-?\nHost web-1 !web-9\n${all}`);
  writeFileSync(join(home, '.kube/config'), KUBECONFIG);
  return home;
}

/** What a person sees who types these lines, one behind each question, in a pseudo-terminal of script(1). */
async function inTerminal(
  home: string,
  typed: readonly string[],
  term = 'xterm',
): Promise<{ shown: string; exitCode: number }> {
  const words = `${process.execPath} ${program} up`;
  const env = { PATH: process.env['PATH'], HOME: home, TERM: term };
  const child = spawn('script', ['-qec', words, '/dev/null'], { cwd: home, env });
  let shown = '';
  let answered = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    const asked = shown.match(/(?:user@host|Cluster \[prod\]|services \[shop\]|\[no\]):? /g)?.length ?? 0;
    for (; answered < Math.min(asked, typed.length); answered += 1) child.stdin.write(`${typed[answered]}\n`);
  });
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  return { shown, exitCode };
}

/** script(1) of util-linux. */
const hasScript = spawnSync('script', ['--version']).status === 0;

(hasScript ? test : test.skip).each(['xterm', 'dumb'])(
  'up alone asks in a terminal of type %s, and an answer but yes about the host key changes nothing',
  async (term) => {
    const server = await sshServer();
    const home = aHome(server.port);
    const { shown, exitCode } = await inTerminal(home, ['1', '', '', 'no'], term);
    await server.close();
    expect({ exitCode, shown }).toMatchObject({ exitCode: 1 });
    for (const line of randomArt(server.hostKey)) expect(shown).toContain(line);
    const plain = shown
      .replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '')
      .replaceAll('\r', '')
      .replaceAll(fingerprint(server.hostKey), 'FINGERPRINT')
      .replaceAll(String(server.port), 'PORT')
      .replaceAll(/^\|.{17}\|\n/gm, '')
      .replace(/\n+$/, '\n');
    if (term === 'dumb') expect(shown).not.toContain('\u001b');
    expectGolden(`cli/first-run/${term}.txt`, plain);
  },
  30_000,
);

(hasScript ? test : test.skip).each([
  ['the first question', ['\u0003']],
  ['a later question', ['1', '\u0003']],
  ['the question about the host key', ['1', '', '', '\u0003']],
])(
  'Ctrl-C at %s ends the run, and is no answer',
  async (_what, typed) => {
    const server = await sshServer();
    const { shown, exitCode } = await inTerminal(aHome(server.port), typed, 'dumb');
    await server.close();
    expect(exitCode).toBe(1);
    const [, ...said] = shown.replaceAll('\r', '').split('meshx: ');
    expect(said).toEqual([expect.stringMatching(/^Stopped by the operator\.\n {2}hint: .*\n {2}see: .*\n$/)]);
    expect(shown).not.toMatch(/answer is needed|not one of the answers/);
    expect(shown).toMatch(/\nmeshx: /);
  },
  30_000,
);

test('declining the plan prints the command line with every option and answer', async () => {
  const answers = ['web-1', 'vm', 'no'];
  const cluster = exampleCluster('current');
  const typed = [
    '--manifests',
    cluster,
    '--root',
    exampleImage(),
    '--service',
    'web:http:8080',
    '--no-capture-dns',
    '--package',
    examplePackage,
  ];
  const { stderr, exitCode } = await runCli(['up', ...typed], { ask: () => Promise.resolve(answers.shift() ?? '') });
  const same = /^The same as: (.*)$/m.exec(stderr)?.[1] ?? '';
  expect(exitCode).toBe(1);
  for (const word of ['up web-1', ...typed]) expect(same).toContain(word);
  expect(stderr).toContain(`  hint: See what would be done: ${same} --dry-run\n`);
}, 30_000);

test.each([
  ['without a terminal', [], {}],
  ['with -y', ['-y'], { ask: () => Promise.reject(new Error('asked')) }],
  ['for a program', ['-o', 'json'], { ask: () => Promise.reject(new Error('asked')) }],
])('up alone is wrong usage %s', async (_what, words, options) => {
  const { exitCode, stderr } = await runCli(['up', ...words], options);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('meshx up: the VM is missing.');
});

test('what is given is not asked for, and a VM that is not there ends the questions', async () => {
  const questions: string[] = [];
  const ask = (question: string) => Promise.resolve((questions.push(question), 'me@127.0.0.1'));
  const given = ['--manifests', exampleCluster('current'), '--port', '1', '-n', 'vm', '--service', 'web:http:8080'];
  const words = ['up', ...given];
  const { stderr } = await runCli(words, { ask });
  expect(questions).toEqual(['VM that joins: a number, or user@host: ']);
  expect(stderr).toContain('ssh-connection-refused');
  expect(stderr).toContain('The same as: meshx up me@127.0.0.1 --manifests');
});

describe('a question', () => {
  const choices = [{ value: 'a' }, { value: 'b', note: 'the second' }];
  const listed = { title: 'Which?', choices, question: 'One' };
  const person = (...answers: string[]) => {
    const said: string[] = [];
    const err = (lines: string | readonly string[]): void => void said.push(...[lines].flat());
    return { said, terminal: { err, ask: () => Promise.resolve(answers.shift() ?? '') } };
  };

  test('is answered by a number, a value, or Enter for the usual one', async () => {
    const usual = { ...listed, usual: 'b' };
    for (const [typed, value] of [
      ['1', 'a'],
      ['b', 'b'],
      ['', 'b'],
    ] as const)
      expect(await chooseOne(person(typed).terminal, usual)).toBe(value);
    expect(await chooseSeveral(person('2, 1').terminal, listed)).toEqual(['b', 'a']);
    expect(await chooseSeveral(person('').terminal, listed)).toEqual([]);
    const ports = { ...listed, choices: [{ value: '22' }, { value: '3306' }] };
    expect(await chooseSeveral(person('3306 1').terminal, ports)).toEqual(['3306', '22']);
  });

  test('is asked again after another answer, three times at most', async () => {
    const { said, terminal } = person('3', '', '1');
    expect(await chooseOne(terminal, listed)).toBe('a');
    expect(said).toEqual([
      'Which?',
      '  1  a',
      '  2  b  the second',
      '"3" is not one of the answers.',
      'An answer is needed.',
    ]);
    expect((await problemOf(chooseSeveral(person('x', '1 9', '0').terminal, listed))).id).toBe('no-answer');
  });
});

test.each([
  [3306, 'mariadbd', 'mysqldb:mysql:3306'],
  [5432, 'postgres', 'postgresql:tcp:5432'],
  [443, 'nginx', 'web:https:443'],
  [8080, 'java', 'java:http:8080'],
  [9000, 'my_app 2$(reboot)', 'my-app-2-reboot:tcp:9000'],
  [9000, '', 'port-9000:tcp:9000'],
  [9000, '../..', 'port-9000:tcp:9000'],
])('port %d of %s is suggested as %s', (port, program, service) => {
  expect(suggestedService({ port, program })).toBe(service);
  expect(() => parseServices([service])).not.toThrow();
});
