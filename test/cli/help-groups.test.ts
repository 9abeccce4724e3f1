import { commands } from '../../src/cli/commands.ts';
import { commandHeading, grouped, headingOf } from '../../src/cli/help-groups.ts';
import { COMMON } from '../../src/cli/options.ts';
import { exampleCluster } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

/** The headings of a help, and the first word of each line below them. */
async function help(...words: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await runCli([...words, '--help']);
  const parts = stdout.split(/^(?=\S.*:$)/m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading = '', ...lines] = part.split('\n');
      return [heading, lines.flatMap((line) => /^ {2}(?:-\w, )?(\S+)/.exec(line)?.[1] ?? [])] as const;
    }),
  );
}

test('the help of up begins with what most calls use, and ends with output and limits', async () => {
  const shown = await help('up');
  const headings = [...shown.keys()];
  expect(headings.slice(0, 3)).toEqual(['Arguments:', 'Options:', 'Workload:']);
  expect(headings.slice(-2)).toEqual(['Output and time limits:', 'Examples:']);
  const first = shown.get('Options:') ?? [];
  expect(first).toEqual(
    expect.arrayContaining(['--service', '--namespace', '--context', '--dry-run', '--yes', '--help']),
  );
  expect(first.length).toBeLessThan(14);
  const all = [...shown.values()].flat();
  expect(all.filter((word) => word.startsWith('--')).length).toBeGreaterThan(50);
});

test("a command's own option of a common name comes first", async () => {
  expect((await help('dashboard')).get('Options:')).toContain('--port');
  expect((await help('status')).get('Login to VMs:')).toContain('--port');
});

test('every command is listed under what people want from it', async () => {
  const names = commands.map(({ name }) => name.split(' ')[0] ?? name);
  expect(names.filter((name) => commandHeading(name) === commandHeading('no such command'))).toEqual([]);
  const shown = [...(await help()).values()].flat();
  expect(names.filter((name) => !shown.includes(name))).toEqual([]);
});

test('headings keep their order, and items theirs within one', () => {
  const found = grouped(['x', COMMON.port[0], COMMON.context[0], COMMON.user[0]], (item) =>
    item === 'x' ? 'Unknown:' : headingOf(Object.values(COMMON).find(([flags]) => flags === item)!),
  );
  expect([...found]).toEqual([
    ['Options:', [COMMON.context[0]]],
    ['Login to VMs:', [COMMON.port[0], COMMON.user[0]]],
    ['Unknown:', ['x']],
  ]);
});

describe('version', () => {
  test('of the client needs no cluster', async () => {
    const { exitCode, stdout } = await runCli(['version', '--client']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `client   0.0.0-test (Node.js ${process.version})\n` });
    const { stdout: json } = await runCli(['version', '--client', '-o', 'json']);
    expect(JSON.parse(json)).toMatchObject({ client: { version: '0.0.0-test' } });
  });

  test('of the client is printed although the cluster cannot be read', async () => {
    const { exitCode, stdout } = await runCli(['version', '--kubeconfig', '/none']);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('client   0.0.0-test') });
  });

  test('of istiod and the VMs comes from the cluster', async () => {
    const { exitCode, stdout } = await runCli(['version', '--manifests', exampleCluster('current')]);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0 });
    expect(stdout).toMatch(/^istiod {3}\S+ \(.*current-cluster\)\nVMs {6}\d+/m);
  });

  test('does not read VMs for the client alone', async () => {
    expect((await runCli(['version', '--client', '--deep'])).exitCode).toBe(2);
  });
});
