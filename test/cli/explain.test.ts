import { readFileSync } from 'node:fs';
import { runCli } from '../support/run-cli.ts';

const page = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');
const ids = [...page.matchAll(/^### (\S+)$/gm)].map((match) => match[1] ?? '');

test('every problem is explained by its own section, and by nothing of the next one', async () => {
  expect(ids.length).toBeGreaterThan(30);
  for (const id of ids) {
    const { exitCode, stdout, stderr } = await runCli(['explain', id]);
    expect({ id, exitCode, stderr }).toEqual({ id, exitCode: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe(id);
    expect(stdout).not.toMatch(/^##/m);
    expect(page).toContain(stdout.split('\n\n').slice(1).join('\n\n').trim());
  }
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
