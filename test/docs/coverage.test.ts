import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { coverage } from './coverage.ts';
import { blockCommands, pages, ROOT } from './pages.ts';
import { missingLines } from './sample.ts';

const shown = pages().flatMap(blockCommands);
const lines = new Set(shown.map(({ run }) => run));
const { offline, lab, golden } = coverage;
const notRun = coverage['not-run'].flatMap(({ commands }) => commands);
/** A page may run a command again, and another page, too. */
const once = (byPage: typeof offline): readonly string[] => [
  ...new Set(
    Object.values(byPage)
      .flat()
      .map(({ run }) => run),
  ),
];
const listed = [...once(offline), ...once(lab), ...Object.keys(golden), ...notRun];

test('every command of a block is run by a test, or marked with why not', () => {
  expect(lines.size).toBeGreaterThan(120);
  const unknown = shown.filter(({ run }) => !listed.includes(run));
  expect(unknown.map(({ page, run }) => `${page}: ${run}`)).toEqual([]);
});

test('no list has a command that no page shows, and no command is in two lists', () => {
  expect(listed.filter((run) => !lines.has(run))).toEqual([]);
  expect(listed.filter((run, index) => listed.indexOf(run) !== index)).toEqual([]);
});

test('every reason names only tests that exist', () => {
  const named = coverage['not-run'].flatMap(({ because }) => because.match(/\btest\/[\w./-]*\w/g) ?? []);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

test('every sample is compared with the output of its command, of a test or of a golden file', () => {
  const compared = (page: string, run: string): boolean =>
    [offline, lab].some((list) => list[page]?.some((step) => step.run === run)) || run in golden || notRun.includes(run);
  const samples = shown.filter(({ shows }) => shows.length > 0);
  expect(samples.length).toBeGreaterThan(12);
  expect(samples.filter(({ page, run }) => !compared(page, run)).map(({ run }) => run)).toEqual([]);
});

test.each(Object.entries(golden))('the output that is shown for %s is in %s', (run, file) => {
  const text = readFileSync(join(ROOT, 'test/golden', file), 'utf8').replaceAll('HOME', '/home/ada');
  const shows = shown.filter((each) => each.run === run).flatMap((each) => each.shows);
  expect(shows.length).toBeGreaterThan(3);
  expect(missingLines(shows, text)).toEqual([]);
});

test('the commands of a page that are run are listed in its order', () => {
  for (const [page, steps] of [...Object.entries(offline), ...Object.entries(lab)]) {
    const order = blockCommands(page).map(({ run }) => run);
    let last = 0;
    for (const { run } of steps) {
      last = order.indexOf(run, last);
      expect({ page, run, isInOrder: last !== -1 }).toEqual({ page, run, isInOrder: true });
    }
  }
});
