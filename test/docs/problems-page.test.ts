import { readFileSync } from 'node:fs';
import { Problem } from '../../src/problems.ts';
import { type Catalogue, catalogues, problemsPage } from '../../scripts/problems-page.ts';

const create = (id: string) =>
  Object.assign((details: unknown) =>
    new Problem(id, { message: `${(details as { vm: string }).vm} is off`, hint: 'Start it.' }), { id });
const catalogue = (area: string, ...ids: readonly string[]): Catalogue => ({ area, problems: ids.map(create) });

const PAGE = `# Problems

Intro.

## First

### b-two

By hand.

## Then

### a-one

Also by hand.
`;
const B = '### b-two\n\nBy hand.\n';
const A = '### a-one\n\nAlso by hand.\n';
const written = (id: string) => `### ${id}\n\nVM is off\n\n**What to do:** Start it.\n`;

test('docs/problems.md is what scripts/problems.ts makes of it', async () => {
  const page = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');
  expect(problemsPage(page, await catalogues())).toBe(page);
});

test('a page keeps the order of its sections, whatever the order of the catalogues', () => {
  for (const all of [
    [catalogue('a', 'a-one'), catalogue('b', 'b-two')],
    [catalogue('b', 'b-two'), catalogue('a', 'a-one')],
    [catalogue('both', 'a-one', 'b-two')],
  ])
    expect(problemsPage(PAGE, all)).toBe(PAGE);
});

test('a new Problem comes behind those of its file, and one of a new file at the end', () => {
  const all = [catalogue('a', 'a-one'), catalogue('b', 'b-one', 'b-two'), catalogue('c', 'c-one')];
  const page = problemsPage(PAGE, all);
  expect(page).toBe(`${PAGE.replace(B, `${B}\n${written('b-one')}`)}\n## c\n\n${written('c-one')}`);
  expect(problemsPage(page, all)).toBe(page);
});

test('a Problem that is gone leaves no section, and no heading without one', () => {
  expect(problemsPage(PAGE, [catalogue('b', 'b-two')])).toBe(PAGE.replace(`\n## Then\n\n${A}`, ''));
});
