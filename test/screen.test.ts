import { screenOf } from '../src/screen.ts';

const plain = (lines: readonly string[], rows: number, columns = 80): readonly string[] =>
  screenOf(lines, { columns, rows })
    .replaceAll(/\u001b\[[HKJ]/g, '')
    .trimEnd()
    .split('\n');

test('a table goes to the first line of the screen, and clears what was longer before', () => {
  expect(screenOf(['a', 'b'], { columns: 80, rows: 24 })).toBe('\u001b[Ha\u001b[K\nb\u001b[K\n\u001b[J');
});

test('lines without room are counted, and the cursor keeps the last line', () => {
  expect(plain(['1', '2', '3', '4', '5'], 4)).toEqual(['1', '2', '… 3 more lines']);
  expect(plain(['1', '2', '3'], 4)).toEqual(['1', '2', '3']);
});

test('a long line is cut at the edge instead of wrapping', () => {
  expect(plain(['abcdef'], 24, 5)).toEqual(['abcd…']);
});
