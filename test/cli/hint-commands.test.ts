import { commands } from '../../src/cli/commands.ts';
import { type Called, completer } from '../../src/cli/hint-commands.ts';
import { program } from '../../src/cli/program.ts';
import { surroundings } from '../../src/cli/sink.ts';
import { exampleCluster } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

/** What a command line calls, by the real parser. */
async function calledBy(line: string): Promise<Called> {
  const [argv, nothing] = [line.split(' '), () => undefined];
  const { signal } = new AbortController();
  const outlet = { out: nothing, err: nothing, env: {}, cwd: '/', home: '/', now: () => new Date(), signal };
  let found: Called | undefined;
  const cli = program(surroundings({ ...outlet, color: false, version: '1' }), argv, (spec, call) => {
    found = { ...call, name: spec.name };
    return Promise.resolve();
  });
  await cli.parseAsync(argv, { from: 'user' });
  if (!found) throw new Error(`${line} calls nothing`);
  return found;
}

test.each([
  [
    'up db-1 -n vm --service a:1 --service b:2 --dry-run --parallel 2 --no-capture-dns',
    'Install it: meshx up db-1 --agent-executable FILE',
    'meshx up db-1 --agent-executable FILE -n vm --no-capture-dns --service a:1 --service b:2',
  ],
  ['setup-vm db-1 --service a:1', 'Go on: meshx up db-1 --restart', 'meshx up db-1 --restart --service a:1'],
  ['up db-1 db-2 --service a:1', 'Go on: meshx up db-2', 'meshx up db-2 --service a:1'],
  ['up db-1 --service a:1', 'Or another one: meshx up db-2', 'meshx up db-2'],
  ['up db-1 --service a:1', 'Join it: meshx up VM', 'meshx up db-1 --service a:1'],
  ['up db-1 db-2 --service a:1', 'Join it: meshx up VM', 'meshx up VM'],
  ['verify vm db-1 -n vm', 'New token: meshx setup-vm VM', 'meshx setup-vm db-1 -n vm'],
  ['verify vm db-1', 'See: meshx verify vm VM', 'meshx verify vm db-1'],
  ['verify service web --vm db-1', 'Follow: meshx logs VM -f', 'meshx logs db-1 -f'],
  ['verify service web', 'Follow: meshx logs VM -f', 'meshx logs VM -f'],
  ['capture db-1 status', 'Compare: meshx capture VM check', 'meshx capture db-1 check'],
  ['status db-1', 'Log in: meshx sudoers VM --install', 'meshx sudoers db-1 --install'],
  ['up db-1 --no-agent', 'Install it: meshx up db-1 --agent-executable FILE', 'meshx up db-1 --agent-executable FILE'],
  ['up db-1 --agent-executable m', 'Without: meshx up db-1 --no-agent', 'meshx up db-1 --no-agent'],
  [
    'down db-1 --verify --keep /a',
    'Undo: meshx down db-1 --restore /b',
    'meshx down db-1 --restore /b --verify --keep /a',
  ],
  ['down db-1 --verify', 'The rest: meshx down db-1 --cluster-only', 'meshx down db-1 --cluster-only'],
  ['capture db-1 explain --to 10.0.0.1:80', 'Its state: meshx capture db-1 status', 'meshx capture db-1 status'],
  [
    'capture db-1 explain --to 10.0.0.1:80',
    'Again: meshx capture db-1 explain',
    'meshx capture db-1 explain --to 10.0.0.1:80',
  ],
  [
    'configure db-1 --set A=1 --restart',
    'Fix it: meshx configure db-1 --set KEY=VALUE',
    'meshx configure db-1 --set KEY=VALUE --restart',
  ],
])('after meshx %s, the hint "%s" repeats the given options', async (typed, hint, expected) => {
  const complete = completer(await calledBy(typed), commands);
  const text = complete(hint);
  expect(text).toBe(hint.replace(/meshx .*/, expected));
  expect(complete(text)).toBe(text);
  await expect(calledBy(expected.replace('meshx ', ''))).resolves.toBeDefined();
});

test('a password of a typed address is not repeated in a hint', () => {
  const called = { name: 'up', args: ['vm'], given: { package: 'https://ada:secret@host/x.deb' } };
  expect(completer(called, commands)('Go on: meshx up vm')).toBe(
    'Go on: meshx up vm --package https://ada:PASSWORD@host/x.deb',
  );
});

test('who answers no gets the whole command line that shows the changes', async () => {
  const asked = { ask: () => Promise.resolve('no') };
  const cluster = exampleCluster('current');
  const typed = ['deregister', 'web', '--keep-service', '--manifests', cluster];
  await runCli(['register', 'web', '10.150.0.5', 'http:8080', '-n', 'vm', '--manifests', cluster]);
  const { exitCode, stderr } = await runCli([...typed, '-n', 'vm'], asked);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(
    `See what would be done: meshx deregister web --manifests ${cluster} -n vm --keep-service --dry-run`,
  );
});
