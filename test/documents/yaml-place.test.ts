import fc from 'fast-check';
import { yamlAmbiguity, yamlPlace } from '../../src/documents/yaml-place.ts';
import { hostileText } from '../mesh/support.ts';

const TEXT = `# a comment
name: db
ports:
  mysql: 3306
list:
  - a: 1
  - a: 2
name: other
`;

test.each([
  [['ports'], 3, 1],
  [['ports', 'mysql'], 4, 3],
  [['list', 1, 'a'], 7, 5],
  [['name'], 8, 1],
  [['ports', 'absent'], 3, 1],
  [['list', 5], 5, 1],
  [['absent'], 2, 1],
  [[], 2, 1],
])('the field %j is in line %i, column %i', (path, line, column) => {
  expect(yamlPlace(TEXT, path)).toEqual({ line, column });
});

test('any text has a line for any path', () => {
  fc.assert(
    fc.property(hostileText(TEXT), fc.array(fc.constantFrom('a', 'name', 'list', 0, 1)), (text, path) => {
      const { line, column } = yamlPlace(text, path);
      expect(Math.min(line, column)).toBeGreaterThanOrEqual(1);
    }),
  );
});

test.each([
  ['a: 1\nb: {c: 1, c: 2}\n', { line: 2, column: 11, reason: 'the same key as before' }],
  ['a: 1\n---\nb: 1\n', { line: 2, column: 1, reason: 'a second document begins here' }],
  ['a: 1\nb: {a: 1}\n', undefined],
  ['', undefined],
])('%j is ambiguous as it says', (text, found) => {
  expect(yamlAmbiguity(text)).toEqual(found);
});

test('any text is ambiguous at a place, or not at all', () => {
  fc.assert(
    fc.property(hostileText(TEXT), (text) => {
      const found = yamlAmbiguity(text);
      expect(found === undefined || Math.min(found.line, found.column) >= 1).toBe(true);
    }),
  );
});
