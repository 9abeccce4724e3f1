import { LiveArea } from '../src/live-area.ts';
import { screenAfter } from './support/screen-after.ts';

/** An area on a screen, and what a person sees of it. */
function onScreen(rows = 24, columns = 80) {
  let written = '';
  const area = new LiveArea(
    (text) => void (written += text),
    () => ({ rows, columns }),
  );
  const print = (line: string): void => area.above(() => void (written += `${line}\n`));
  return { area, print, seen: () => screenAfter(written), written: () => written };
}

test('lines are replaced in their place, and other text stays above them', () => {
  const { area, print, seen } = onScreen();
  area.show(['one', 'two']);
  print('done: a');
  area.show(['three']);
  print('done: b');
  expect(seen()).toEqual(['done: a', 'done: b', 'three']);
  area.show([]);
  expect(seen()).toEqual(['done: a', 'done: b']);
});

test('the same lines are not written again', () => {
  const { area, written } = onScreen();
  area.show(['one']);
  const once = written();
  area.show(['one']);
  expect(written()).toBe(once);
});

test('a long line is cut at the edge, and lines without room are left out', () => {
  const { area, seen } = onScreen(3, 6);
  area.show(['abcdefgh', 'b', 'c']);
  expect(seen()).toEqual(['abcde…', 'b']);
});

test('the area makes room for a question, and comes back with what changed in between', async () => {
  const { area, print, seen } = onScreen();
  area.show(['running']);
  await area.without(async () => {
    expect(seen()).toEqual([]);
    print('Really?');
    area.show(['still running']);
    expect(seen()).toEqual(['Really?']);
    return Promise.resolve();
  });
  expect(seen()).toEqual(['Really?', 'still running']);
});
