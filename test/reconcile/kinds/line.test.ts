import { editLine } from '../../../src/reconcile/kinds/line.ts';

test.each([
  ['', 'x\n'],
  ['a', 'a\nx\n'],
  ['a\nb\n', 'a\nx\nb\n'],
  ['b\n', 'b\nx\n'],
  ['x\na\n', 'x\na\n'],
  ['b\nx', 'b\nx'],
  ['x\nb\nx\n', 'x\nb\n'],
])('the line stands once in %j, behind the line it belongs to when that is there', (before, after) => {
  expect(editLine(before, { line: 'x', after: 'a' })).toBe(after);
  expect(editLine(after, { line: 'x', after: 'a' })).toBe(after);
});

test('a line that belongs to no other one is put at the end', () => {
  expect(editLine('a\nb\nc\n', { line: 'x' })).toBe('a\nb\nc\nx\n');
});
