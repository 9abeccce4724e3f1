import fc from 'fast-check';
import { editHosts } from '../../../src/reconcile/kinds/hosts.ts';
import { withoutEdits } from '../../../src/reconcile/undo/line-merge.ts';

const lines = (...all: readonly string[]) => all.map((each) => `${each}\n`).join('');

test.each([
  ['a line of somebody else behind ours stays', 'a ours', 'a ours theirs', 'a theirs'],
  ['a line of somebody else before ours stays', 'a ours', 'theirs a ours', 'theirs a'],
  ['a line that somebody else took away stays away', 'a b ours', 'b ours', 'b'],
  ['a line that somebody else took away with ours stays away', 'a ours', 'a', 'a'],
  ['lines between other lines of ours', 'a ours b ours2', 'a ours b x ours2', 'a b x'],
])('%s', (_title, ours, now, wanted) => {
  const base = ours
    .split(' ')
    .filter((each) => !each.startsWith('ours'))
    .join(' ');
  const text = (words: string) => lines(...words.split(' '));
  expect(withoutEdits(text(now), [{ base: text(base), ours: text(ours) }])).toBe(text(wanted));
});

test('a line that meshx replaced and someone else changed cannot be separated', () => {
  expect(withoutEdits(lines('KEY=theirs'), [{ base: lines('KEY=before'), ours: lines('KEY=ours') }])).toBeUndefined();
});

test('two edits with someone else between them are taken out one after the other', () => {
  const first = { base: lines('a'), ours: lines('a', 'ours1') };
  const second = { base: lines('a', 'ours1', 'theirs'), ours: lines('a', 'ours1', 'theirs', 'ours2') };
  expect(withoutEdits(second.ours, [first, second])).toBe(lines('a', 'theirs'));
});

test('a file that was not there before is empty without our edits', () => {
  expect(withoutEdits('A=1\n', [{ ours: 'A=1\n' }])).toBe('');
  expect(withoutEdits('A=1\nB=2\n', [{ ours: 'A=1\n' }])).toBe('B=2\n');
});

const word = fc.stringMatching(/^[a-z]{1,3}$/);

test("whatever a hosts file holds, meshx's entry can be removed, with lines of others around it", () => {
  fc.assert(
    fc.property(fc.array(word), fc.array(word), fc.array(word), (before, above, below) => {
      const base = lines(...before.map((each) => `10.0.0.1 ${each}`));
      const ours = editHosts(base, { address: '10.0.0.2', names: ['istiod.mesh'] });
      const [top, end] = [above, below].map((some) => lines(...some.map((each) => `10.0.0.3 ${each}x`)));
      expect(withoutEdits(ours, [{ base, ours }])).toBe(base);
      expect(withoutEdits(`${top}${ours}${end}`, [{ base, ours }])).toBe(`${top}${base}${end}`);
    }),
  );
});

test('a text that no one changed is the base again, whatever the edit was', () => {
  const text = fc.array(word).map((all) => lines(...all));
  fc.assert(fc.property(text, text, (base, ours) => expect(withoutEdits(ours, [{ base, ours }])).toBe(base)));
});
