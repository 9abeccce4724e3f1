import { commands } from '../../src/cli/commands.ts';
import type { Call, CommandSpec, Surroundings } from '../../src/cli/command.ts';
import { program } from '../../src/cli/program.ts';
import type { Lines } from '../../src/world.ts';
import { parseCheck } from '../../src/mesh/probe.ts';
import { runCli } from '../support/run-cli.ts';

/** What the command line `words` would start, without starting it. */
async function parsed(words: readonly string[]): Promise<{ spec: CommandSpec; call: Call; lines: readonly string[] }> {
  const lines: string[] = [];
  const hear = (text: Lines): void => void lines.push(...[text].flat());
  const { signal } = new AbortController();
  const around: Surroundings = {
    world: { env: {}, cwd: '/', home: '/', now: () => new Date(0), version: '0', signal, note: hear },
    terminal: { out: hear, err: hear, color: false, tell: (_, text) => hear(text), verbosity: 'normal' },
  };
  let found: { spec: CommandSpec; call: Call } | undefined;
  const cli = program(around, words, async (spec, call) => {
    found = { spec, call };
    return Promise.resolve();
  });
  await cli.parseAsync([...words], { from: 'user' });
  if (!found) throw new Error(`nothing was started by ${words.join(' ')}: ${lines.join('\n')}`);
  return { ...found, lines };
}

test.each(commands.flatMap((spec) => spec.examples.map((example) => [example, spec.name] as const)))(
  'the example "meshx %s" starts %s',
  async (example, name) => {
    expect((await parsed(example.split(' '))).spec.name).toBe(name);
  },
);

test('options come before or after the verb', async () => {
  const before = await parsed(['-n', 'onprem', 'register', 'svc1', '1.2.3.4', 'http:7000']);
  const after = await parsed(['register', 'svc1', '1.2.3.4', 'http:7000', '-n', 'onprem']);
  expect(before.call.given).toMatchObject({ namespace: 'onprem' });
  expect(after.call.given).toEqual(before.call.given);
  expect(after.call.args).toEqual(['svc1', '1.2.3.4', 'http:7000']);
});

test('a switch that is on by itself is given only when it is switched off', async () => {
  const { given, on } = (await parsed(['up', 'a'])).call;
  expect({ given, on }).toEqual({ given: {}, on: ['agent', 'create', 'captureDns'] });
  expect((await parsed(['up', 'a', '--no-create'])).call).toMatchObject({ given: { create: false } });
});

test('a repeatable option takes one word each time and leaves the VM alone', async () => {
  const { call } = await parsed(['up', '--service', 'mysqldb:3306', 'istio-vm', '--service', 'web:8080']);
  expect(call.given['service']).toEqual(['mysqldb:3306', 'web:8080']);
  expect(call.args).toEqual(['istio-vm']);
});

test('help comes from stdout with exit code 0, and names every command', async () => {
  const { exitCode, stdout, stderr } = await runCli(['--help']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const words = commands.map(({ name }) => name.split(' ')[0] ?? name);
  expect(words.filter((name) => !stdout.includes(`\n  ${name} `))).toEqual([]);
});

test('the help of a command shows its own options, the common ones it takes, and no others', async () => {
  const { stdout } = await runCli(['register', '--help']);
  expect(stdout).toContain('--create-namespace');
  expect(stdout).toContain('--namespace');
  expect(stdout).not.toContain('--identity-file');
  expect(stdout).toContain('meshx register mysqldb 10.150.0.5 3306 -n vm');
});

test('the version is one line on stdout', async () => {
  expect(await runCli(['--version'])).toEqual({ exitCode: 0, stdout: '0.0.0-test\n', stderr: '' });
});

test.each([
  ['an unknown command', ['gceMachineSetup', 'vm']],
  ['an unknown option', ['register', 'a', '10.0.0.1', '80', '--colour']],
  ['a missing argument', ['register', 'mysqldb']],
  ['an argument too many', ['configure', 'one', 'two']],
  ['an option without its value', ['register', 'a', '10.0.0.1', '80', '-n']],
  ['an option of another command', ['generate-dnsmasq', '--dry-run']],
  ['no command at all', []],
  ['a group without its verb', ['expose']],
])('%s is wrong usage: exit code 2, nothing on stdout', async (_what, words) => {
  const { exitCode, stdout, stderr } = await runCli(words);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).not.toBe('');
  expect(stderr).not.toMatch(/^ {4}at /m);
});

test('the help of --probe names every form that is accepted', async () => {
  const { stdout } = await runCli(['up', '--help']);
  const forms = ['tcp', 'mysql', 'http', 'http:/health', 'grpc'];
  for (const form of forms) expect(() => parseCheck(form, 80)).not.toThrow();
  for (const form of forms) expect(/--probe <probe>(.*\n.*)/.exec(stdout)?.[1]).toContain(form.replace(/:.*/, ':'));
});

test.each([
  { now: 'probe', former: 'check', name: 'probe', value: 'tcp' },
  { now: 'probe-client', former: 'proof-client', name: 'probeClient', value: 'b' },
])('--$former is accepted as --$now, with a warning, and is not in the help', async ({ now, former, name, value }) => {
  const { call, lines } = await parsed(['up', 'a', '--service', 'db:3306', `--${former}`, value]);
  expect(call.given).toMatchObject({ [name]: value });
  expect(Object.keys(call.given)).not.toContain(former.replace('-c', 'C'));
  expect(lines).toContain(`note: --${former} is now --${now}; the old name will be removed`);
  expect((await parsed(['up', 'a', `--${now}`, value])).lines).toEqual([]);
  expect((await runCli(['up', '--help'])).stdout).not.toContain(`--${former}`);
});
