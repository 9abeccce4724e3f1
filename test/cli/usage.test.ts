import { readJson } from '../../src/documents/json.ts';
import { readYaml } from '../../src/documents/yaml.ts';
import { commands } from '../../src/cli/commands.ts';
import { knownVariables } from '../../src/cli/variables.ts';
import { exampleCluster } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

const cluster = exampleCluster('current');

describe('help', () => {
  const paths = commands.map(({ name }) => name);

  test.each(['', 'expose', ...paths])('help %s prints what --help prints, and is done', async (name) => {
    const words = name.split(' ').filter((word) => word !== '');
    const helped = await runCli(['help', ...words]);
    expect(helped).toEqual(await runCli([...words, '--help']));
    expect(helped.exitCode).toBe(0);
  });

  test('a group has its own help command', async () => {
    expect(await runCli(['expose', 'help', 'apply'])).toEqual(await runCli(['expose', 'apply', '--help']));
  });

  test.each([
    [['help', 'regsiter'], 'meshx help register'],
    [['help', 'expose', 'aply'], 'meshx help expose apply'],
    [['expose', 'help', 'statsu'], 'meshx help expose status'],
    [['help', 'bogus'], 'logs'],
  ])('%j is wrong usage and names what was meant', async (words, named) => {
    const { exitCode, stdout, stderr } = await runCli(words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(named);
  });
});

const FAILURES: readonly (readonly [string, number, readonly string[]])[] = [
  ['an unknown command', 2, ['upp', 'vm']],
  ['an unknown option', 2, ['up', 'vm', '--colour']],
  ['a missing argument', 2, ['register', 'mysqldb']],
  ['a missing command', 2, ['expose']],
  ['an option of another command', 2, ['generate-dnsmasq', '--dry-run']],
  ['help of an unknown command', 2, ['help', 'bogus']],
  ['an invalid value', 2, ['register', 'web', '10.0.0', '80']],
  ['a file that is not there', 1, ['expose', 'status', '--manifests', '/nonexistent']],
];

describe.each(FAILURES)('%s', (_what, code, words) => {
  test.each([['-o', 'json'], ['-o', 'yaml'], ['-ojson'], ['--output=yaml'], ['--output', 'json']])(
    'is one document with %s %s',
    async (...format) => {
      const { exitCode, stdout, stderr } = await runCli([...words, ...format]);
      const read = format.join('').endsWith('json') ? readJson : readYaml;
      expect(exitCode).toBe(code);
      expect(read(stdout)).toMatchObject({
        version: 1,
        problem: { id: expect.any(String), message: expect.any(String) },
      });
      expect(stderr).not.toBe('');
    },
  );

  test('is a text alone without a format', async () => {
    expect(await runCli(words)).toMatchObject({ exitCode: code, stdout: '' });
  });
});

test('a format that the environment names counts', async () => {
  const env = { MESHX_OUTPUT: 'json' };
  const { stdout } = await runCli(['expose', 'status', '--manifests', '/nonexistent'], { env });
  expect(readJson(stdout)).toMatchObject({ problem: { id: 'manifests-missing' } });
});

describe('variables', () => {
  const words = ['expose', 'status', '--manifests', cluster];

  test.each(knownVariables(commands).filter((name) => name.length > 'MESHX_'.length + 5))(
    '%s with a letter too few is refused by name',
    async (name) => {
      const misspelt = name.slice(0, -2) + name.slice(-1);
      const { exitCode, stderr } = await runCli(words, { env: { [misspelt]: 'x' } });
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`${misspelt} is set, and meshx does not know it: MESHX_`);
    },
  );

  test('one like no other is said and does not stop the command', async () => {
    const { stderr } = await runCli(words, { env: { MESHX_ELEPHANT: '1' } });
    expect(stderr).toContain('warning: MESHX_ELEPHANT is set, and meshx does not know it');
    expect(stderr).not.toContain('variable-refused');
  });

  test('a flag that is neither true nor false is refused', async () => {
    const given = ['up', 'vm', '--manifests', cluster];
    for (const value of ['si', '2']) {
      const { exitCode, stderr } = await runCli(given, { env: { MESHX_DRY_RUN: value } });
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`MESHX_DRY_RUN: "${value}" is neither true nor false`);
    }
  });

  test('meshx knows those that its own tests set', () => {
    expect(knownVariables(commands)).toEqual(expect.arrayContaining(['MESHX_LAB', 'MESHX_LAB_CACHE', 'MESHX_ROOT']));
  });
});
