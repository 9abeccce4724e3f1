import { readFileSync } from 'node:fs';
import { commands } from '../src/cli/commands.ts';
import { program } from '../src/cli/program.ts';
import { surroundings } from '../src/cli/sink.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const page = read('docs/how-to/troubleshooting.md');
const sections = page.split(/^## /m).slice(1);
const checks = new Set([...read('docs/checks.md').matchAll(/^### (\S+)$/gm)].map((match) => match[1] ?? ''));

/** Ids in the first column of the tables of checks. */
const named = sections.flatMap((section) => {
  const [, table = ''] = section.split('| check | what it finds |');
  return [...table.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map((match) => match[1] ?? '');
});

test('every check that the page names has a section in docs/checks.md', () => {
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((id) => !checks.has(id))).toEqual([]);
});

test('every symptom of the table leads to a section, and every section is in the table', () => {
  const links = [...page.matchAll(/\]\(#([a-z0-9-]+)\)/g)].map((match) => match[1] ?? '');
  const anchors = sections.map((section) => (section.split('\n')[0] ?? '').toLowerCase().replaceAll(' ', '-'));
  expect(anchors.filter((anchor) => !links.includes(anchor))).toEqual([]);
  expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
});

test('each symptom names a check and a command', () => {
  const symptoms = sections.filter((section) => !section.startsWith('ask for help'));
  const thin = symptoms.filter((section) => !section.includes('| check |') || !/^meshx /m.test(section));
  expect(thin.map((section) => section.split('\n')[0])).toEqual([]);
});

/** Command lines of meshx in blocks, and in the text between backticks. */
const typed = [...page.matchAll(/(?:^|`)meshx ([a-z][^`\n]*)/gm)].map((match) => match[1] ?? '');

test.each([...new Set(typed)])('meshx %s is a command line that meshx understands', async (line) => {
  const words = line.split(' ');
  const around = surroundings({
    ...{ out: () => undefined, err: () => undefined, env: {}, cwd: '/', home: '/', now: () => new Date() },
    ...{ signal: new AbortController().signal, color: false, version: '0' },
  });
  const started: string[] = [];
  await program(around, words, ({ name }) => {
    started.push(name);
    return Promise.resolve();
  }).parseAsync(words, { from: 'user' });
  expect(started).toEqual([words[0]]);
  expect(commands.map(({ name }) => name)).toContain(words[0]);
});
