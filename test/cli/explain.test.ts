import { readdirSync, readFileSync } from 'node:fs';
import { RISKS } from '../../src/checks/risk.ts';
import { runCli } from '../support/run-cli.ts';

const read = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const [page, checks] = [read('problems.md'), read('checks.md')];
const ids = [...page.matchAll(/^### (\S+)$/gm)].map((match) => match[1] ?? '');

/** What lies between the heading with this id and the next one. */
function section(text: string, id: string): readonly string[] {
  const heading = `\n### ${id}\n`;
  const from = text.indexOf(heading);
  return from < 0
    ? []
    : [
        text
          .slice(from + heading.length)
          .split(/\n##+ /)[0]!
          .trim(),
      ];
}

test('every problem is explained by its own section, and by nothing of the next one', async () => {
  expect(ids.length).toBeGreaterThan(30);
  for (const id of ids) {
    const { exitCode, stdout, stderr } = await runCli(['explain', id]);
    expect({ id, exitCode, stderr }).toEqual({ id, exitCode: 0, stderr: '' });
    expect(stdout).not.toMatch(/^##/m);
    expect(stdout).toBe(`${[id, ...section(page, id), ...section(checks, id)].join('\n\n')}\n`);
  }
});

test('an id of a problem and of a check is explained by both sections', async () => {
  const { stdout } = await runCli(['explain', 'dnsmasq-missing']);
  expect(stdout).toContain('meshx does not install distribution packages');
  expect(stdout).toContain('Sidecars before istiod have no DNS of their own');
});

test.each(RISKS)('the risk %s is explained', async (risk) => {
  const { exitCode, stdout } = await runCli(['explain', risk]);
  expect({ exitCode, stdout }).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(new RegExp(`^${risk}\\n\\n[^]{80}`)),
  });
});

test('messages of other tools that are wrong about VMs are explained', async () => {
  const { exitCode, stdout } = await runCli(['explain', 'IST0127']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^IST0127\n\n\*Warning: No matching workloads[^]*meshx check --only policy --from/);
});

/** Ids of results, by the forms in which the sources of checks write them. */
const RESULT_ID = /\bid: ['`]([a-z-]+)[:'`]|\bverdict\(\s*'([a-z-]+)'|\bunitsRun\(\w+, '([a-z-]+)'/g;

/** Folders whose ids are those of results, not of phases of a change. */
const OF_RESULTS = ['src/checks', 'src/operations/verify', 'src/operations/check'];

function resultIds(folder: string): readonly string[] {
  const url = new URL(`../../${folder}/`, import.meta.url);
  const files = readdirSync(url, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) =>
    [...readFileSync(new URL(file, url), 'utf8').matchAll(RESULT_ID)].map(
      (match) => match.slice(1).find(Boolean) ?? '',
    ),
  );
}

test('the id of every result that a command prints has a section in docs/checks.md', () => {
  const printed = new Set([...OF_RESULTS.flatMap(resultIds), 'difference-empty', 'ports-open']);
  expect(printed.size).toBeGreaterThan(150);
  expect([...printed].filter((id) => section(checks, id).length === 0)).toEqual([]);
});

test('an id with a subject is explained by the section of its check', async () => {
  const { exitCode, stdout } = await runCli(['explain', 'service-through-mesh:mysqldb:3306']);
  expect({ exitCode, first: stdout.split('\n')[0] }).toEqual({ exitCode: 0, first: 'service-through-mesh' });
  expect(stdout).toContain('--only service');
});

test('the last line of a problem is the command that explains it', async () => {
  const { stderr } = await runCli(['generate-cluster-env', '--manifests', '/nowhere', '--print']);
  const [, id = ''] = /^ {2}see: {2}meshx explain (\S+)$/m.exec(stderr) ?? [];
  expect(ids).toContain(id);
});

test('an id that does not exist is a usage error that names the nearest ids', async () => {
  const { exitCode, stdout, stderr } = await runCli(['explain', 'cluster-unreachabel']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('meshx explain cluster-unreachable');
});

test('an id full of control characters is quoted, not printed', async () => {
  const { exitCode, stderr } = await runCli(['explain', '\u001b]52;c;aGk=\u0007']);
  expect(exitCode).toBe(2);
  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});
