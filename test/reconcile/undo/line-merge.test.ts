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

test.each<[string, readonly [base: string, ours: string, now: string], string | undefined]>([
  ['lines of others in the same place as a removed one', ['a b', 'a ours b', 'a theirs b'], 'a theirs b'],
  ['a change of our very line', ['a b', 'a ours b', 'a changed b ours'], undefined],
  ['a line put between two of ours', ['a', 'a o1 o2', 'a o1 x o2'], undefined],
  ['one of our two lines taken away', ['a', 'a o1 o2', 'a o1'], undefined],
  ['lines of others on both sides of ours', ['a b', 'a ours b', 'a x ours y b'], 'a x y b'],
  ['what we removed, with a change of others elsewhere', ['a b c d', 'a d', 'a d e'], 'a b c d e'],
  ['what we removed, with others in the same place', ['a b c d', 'a d', 'a x d'], undefined],
  ['one of our two places changed', ['a b', 'o1 a b o2', 'x a b o2'], undefined],
  ['one of our two places removed', ['a b', 'o1 a b o2', 'a b o2'], undefined],
  ['both of our two places removed', ['a b', 'o1 a b o2', 'a b x'], 'a b x'],
  ['the text before meshx, whatever the edit was', ['a b', 'c', 'a b'], 'a b'],
  ['an empty text', ['a', 'a ours', ''], ''],
])('%s', (_title, [base, ours, now], wanted) => {
  const text = (words: string) => (words === '' ? '' : lines(...words.split(' ')));
  expect(withoutEdits(text(now), [{ base: text(base), ours: text(ours) }])).toBe(
    wanted === undefined ? undefined : text(wanted),
  );
});

test('a missing end of the last line is a difference of its own', () => {
  expect(withoutEdits('a\nours\nb', [{ base: 'a\nb', ours: 'a\nours\nb' }])).toBe('a\nb');
  expect(withoutEdits('x\na\nours\nlong end', [{ base: 'a\nlong end', ours: 'a\nours\nlong end' }])).toBe(
    'x\na\nlong end',
  );
  expect(withoutEdits('a\nours\nb\n', [{ base: 'a\nb', ours: 'a\nours\nb' }])).toBe('a\nb\n');
});

test('if the last of several edits cannot be separated, none is', () => {
  const first = { base: lines('a'), ours: lines('a', 'o1') };
  const second = { base: lines('KEY=1'), ours: lines('KEY=2') };
  expect(withoutEdits(lines('KEY=3'), [first, second])).toBeUndefined();
});

test('whatever lines others added or removed around ours, only ours are removed', () => {
  const place = fc.array(fc.constantFrom('keep', 'drop', 'ours', 'theirs', 'theirs2'), { minLength: 1, maxLength: 25 });
  fc.assert(
    fc.property(place, (kinds) => {
      // Between two lines of ours they could not be separated.
      const apart = kinds.flatMap((kind) => (kind === 'ours' ? [kind, 'keep'] : [kind]));
      const all = apart.map((kind, at) => ({ kind, line: `${kind} ${at}` }));
      const of = (...some: readonly string[]) =>
        lines(...all.filter(({ kind }) => some.includes(kind)).map(({ line }) => line));
      const base = of('keep', 'drop');
      const ours = of('keep', 'drop', 'ours');
      const now = of('keep', 'ours', 'theirs', 'theirs2');
      expect(withoutEdits(now, [{ base, ours }])).toBe(of('keep', 'theirs', 'theirs2'));
    }),
    { numRuns: 300 },
  );
});

test('long texts are compared where they differ; too many differing lines are not', () => {
  const many = Array.from({ length: 6000 }, (_, n) => `line ${n}`);
  const [base, ours] = [lines(...many), lines(...many, 'ours')];
  expect(withoutEdits(`theirs\n${ours}`, [{ base, ours }])).toBe(`theirs\n${base}`);
  expect(withoutEdits(`${ours}theirs\n`, [{ base: `a\n${base}`, ours: `ours\n${base}ours\n` }])).toBeUndefined();
  const other = lines(...many.map((line) => `${line}x`));
  expect(withoutEdits(`${other}theirs\n`, [{ base, ours: other }])).toBeUndefined();
});
