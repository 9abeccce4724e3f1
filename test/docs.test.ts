import { readdirSync, readFileSync } from 'node:fs';
import { commands } from '../src/cli/commands.ts';

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const catalogues = readdirSync(new URL('../src/problems/', import.meta.url)).filter((file) => file.endsWith('.ts'));

/** The ids that a catalogue declares. */
function idsOf(file: string): readonly string[] {
  return [...read(`src/problems/${file}`).matchAll(/\bknown(?:<[^>]*>)?\(\s*'([^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
}

const ids = catalogues.flatMap(idsOf);
const headings = [...read('docs/problems.md').matchAll(/^### (\S+)$/gm)].map((match) => match[1] ?? '');

test('every Problem has an id of its own, in kebab-case', () => {
  expect(ids.length).toBeGreaterThan(30);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
});

test.each(catalogues)('every Problem of %s has a heading in docs/problems.md', (file) => {
  expect(idsOf(file).filter((id) => !headings.includes(id))).toEqual([]);
});

test('docs/problems.md explains no Problem that does not exist, and none twice', () => {
  expect(headings.filter((id, index) => !ids.includes(id) || headings.indexOf(id) !== index)).toEqual([]);
});

test('every Problem is explained: what it means and what to do', () => {
  const sections = read('docs/problems.md').split(/^### /m).slice(1);
  const thin = sections.filter(
    (section) => section.split('\n').slice(1).join(' ').split(/^## /m)[0]!.trim().split(/\s+/).length < 12,
  );
  expect(thin.map((section) => section.split('\n')[0])).toEqual([]);
});

test.each(commands.map(({ name }) => name))('the command %s is in README.md', (name) => {
  expect(read('README.md')).toContain(`meshx ${name}`);
});

test('the changelog has a section for what is not released yet', () => {
  expect(read('CHANGELOG.md')).toMatch(/^## .*Unreleased/m);
});

test.each(['setup-vm/dry-run.txt', 'expose-status/stdout.txt'])(
  'README.md shows the real output of test/golden/cli/%s',
  (name) => {
    expect(read('README.md')).toContain(read(`test/golden/cli/${name}`).trimEnd());
  },
);
