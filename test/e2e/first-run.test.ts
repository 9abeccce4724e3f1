import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Lab } from '../lab/lab.ts';
import { toShell } from '../../src/shell-words.ts';
import { expectDone } from './support/done.ts';
import { Session } from './support/session.ts';

const PLACE = 'first';
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: PLACE } }]);
  await lab.vm('newcomer', '10.150.0.131');
}, 180_000);

afterAll(async () => await lab.removeMembers(), 60_000);

/** The answers to the questions of `meshx up`, in order. */
const ANSWERS: readonly (readonly [question: RegExp, answer: string])[] = [
  [/user@host: $/, 'newcomer'],
  [/services \[.*\]: $/, PLACE],
  [/\[no\] $/, 'yes'],
  [/Enter for none\): $/, '3306'],
  [/NAME:PROTOCOL:PORT \[mysqldb:mysql:3306\]: $/, ''],
  [/Require mutual TLS .*\[y\/N\] $/, 'y'],
  [/carry out this plan\? \[y\/N\] $/, 'y'],
];

/** The text without control codes, up to the cursor. */
function plain(output: string): string {
  return output.replaceAll(/\u001b\[[\d;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}

test('a first run asks for VM, namespace, host key, service and STRICT, joins, and down undoes all of it', async () => {
  const known = join(lab.home, 'first-known-hosts');
  const given = ['--istiod-address', '10.150.0.1', '--package', lab.deb, '--known-hosts', known];
  const words = toShell(lab.meshxArgv(['up', ...given]));
  using terminal = new Session(['script', '-qec', words, '/dev/null']);
  for (const [question, answer] of ANSWERS) {
    const isAsked = (): boolean => question.test(plain(terminal.output)) || terminal.ended;
    await lab.waitFor(`the question ${question.source}`, isAsked, { timeoutMs: 60_000, everyMs: 20 });
    terminal.send(answer);
  }
  await lab.waitFor('the end of the run', () => terminal.ended, { timeoutMs: 120_000 });

  const shown = plain(terminal.output);
  expect(shown).toMatch(/^The same as: meshx up newcomer .*-n first --service mysqldb:mysql:3306 --strict-port 3306$/m);
  expect(shown).toMatch(/^newcomer: done, \d+ changes/m);
  expect(await readFile(known, 'utf8')).toMatch(/^(?:10\.150\.0\.131|\|1\|\S+) ssh-ed25519 /);
  const policy = await lab.mesh.try(['get', 'peerauthentication', 'meshx-newcomer', '-n', PLACE, '-o', 'yaml']);
  expect(policy.stdout).toMatch(/"?3306"?:\s+mode: STRICT/);

  const remembered = await lab.meshx(['config', 'view', 'newcomer', '-o', 'json']);
  expectDone(remembered);
  expect(JSON.parse(remembered.stdout)).toMatchObject({
    settings: expect.arrayContaining([
      { name: 'istiod-address', value: '10.150.0.1', source: { kind: 'vm', where: 'newcomer' } },
    ]),
  });
  const versions = await lab.meshx(['version', '--deep', '-n', PLACE]);
  expectDone(versions);
  expect(versions.stdout).toMatch(/^first +newcomer +\S+ +1\./m);
  expectDone(await lab.meshx(['up', 'newcomer', '-n', PLACE, '--dry-run', '--exit-code']));

  expectDone(await lab.meshx(['down', 'newcomer', '--verify', '-y', '-n', PLACE]));
  const left = await lab.mesh.try(['get', 'peerauthentication', '-n', PLACE, '-o', 'name']);
  expect(left.stdout).toBe('');
}, 300_000);
