import { commands } from '../../src/cli/commands.ts';
import { commandWords, typedLine } from '../../src/cli/command-line.ts';
import { completer } from '../../src/cli/hint-commands.ts';
import { parsePackageSource } from '../../src/operations/package/package-source.ts';
import { exampleCluster, exampleImage } from '../support/examples.ts';
import { thrownProblem } from '../support/problem.ts';
import { runCli } from '../support/run-cli.ts';

const given = {
  ...{ port: '2222', user: 'ada lovelace', kubeconfig: '/home/ada/kube config', namespace: 'vm' },
  ...{ captureDns: false, service: ['mysqldb:3306', 'web:http:8080'], package: 'https://ada:secret@host/x.deb' },
};

test('the command that goes on is the one that was typed, quoted for a shell', () => {
  expect(typedLine('up', { given }, 'web-1')).toBe(
    "meshx up web-1 --port 2222 --user 'ada lovelace' --kubeconfig '/home/ada/kube config' -n vm --no-capture-dns " +
      '--service mysqldb:3306 --service web:http:8080 --package https://ada:PASSWORD@host/x.deb',
  );
});

test('a password with an @ in it is removed as a whole, in the line to paste and in that for lock and audit', () => {
  const url = 'https://ada:s3c@ret@host/x.deb';
  expect(typedLine('up', { given: { package: url } })).toBe('meshx up --package https://ada:PASSWORD@host/x.deb');
  expect(commandWords('up', { given: {} }, url)).toBe('meshx up https://…@host/x.deb');
  const [issue = ''] = thrownProblem(() =>
    parsePackageSource('http://ada:s3c@ret@host/', { cwd: '/', isPinned: false }),
  ).issues;
  expect(issue).toContain('http://host/');
});

test('what was switched off is a word of the command that goes on', () => {
  const negatable = commands.flatMap(({ name, options }) =>
    options.flatMap(([flags]) => (/^--no-([a-z-]+)/.exec(flags)?.[1] ? [[name, flags.slice(5)] as const] : [])),
  );
  expect(negatable.length).toBeGreaterThan(3);
  for (const [name, flag] of negatable) {
    const option = flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    expect(typedLine(name, { given: { [option]: false } })).toBe(`meshx ${name} --no-${flag}`);
  }
});

const complete = completer({ name: 'up', args: ['typed-vm'], given }, commands);

test.each([
  [
    'Set it up: meshx setup-vm web-1',
    `Set it up: meshx setup-vm web-1 --kubeconfig '/home/ada/kube config' -n vm --user 'ada lovelace'`,
  ],
  ['a: meshx capture w on; or b', `a: meshx capture w on --user 'ada lovelace' --port 2222; or b`],
  ['See: meshx up --help', 'See: meshx up --help'],
  [
    'Take it out with: meshx capture w off, and close the port',
    `meshx capture w off --user 'ada lovelace' --port 2222, and close`,
  ],
  ['It needs another run of meshx up before that', 'It needs another run of meshx up before that'],
  ['See: meshx nonsense w', 'See: meshx nonsense w'],
  ['on the VM: meshx-bypass off', 'on the VM: meshx-bypass off'],
  ['a: meshx configure VM --dry-run', `a: meshx configure typed-vm --dry-run --user 'ada lovelace' --port 2222`],
])('%s becomes a command that can be pasted', (text, expected) => {
  expect(complete(text)).toContain(expected);
  expect(complete(complete(text))).toBe(complete(text));
});

test('what a command has already stays', () => {
  expect(complete('meshx down w -n other --port 22')).toMatch(
    /^meshx down w -n other --port 22 --kubeconfig [^]*--user/,
  );
});

test('a hint of a run has the way to VM and cluster that was typed, in text and in JSON', async () => {
  const [root, cluster] = [exampleImage(), exampleCluster('current')];
  const words = ['rollback', 'web-1', '--root', root, '--manifests', cluster, '--user', 'ada'];
  const text = await runCli(words);
  const json = await runCli([...words, '-o', 'json']);
  const hint = `meshx setup-vm web-1 --manifests ${cluster} --root ${root} --user ada`;
  expect(text.stderr).toContain(hint);
  expect(JSON.parse(json.stdout)).toMatchObject({ vms: [{ problem: { hint: expect.stringContaining(hint) } }] });
});
