import fc from 'fast-check';
import { yamlLine } from '../../src/documents/yaml-lines.ts';
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
  [['ports'], 3],
  [['ports', 'mysql'], 4],
  [['list', 1, 'a'], 7],
  [['name'], 8],
  [['ports', 'absent'], 3],
  [['list', 5], 5],
  [['absent'], 2],
  [[], 2],
])('the field %j is in line %i', (path, line) => {
  expect(yamlLine(TEXT, path)).toBe(line);
});

test('any text has a line for any path', () => {
  fc.assert(
    fc.property(hostileText(TEXT), fc.array(fc.constantFrom('a', 'name', 'list', 0, 1)), (text, path) => {
      expect(yamlLine(text, path)).toBeGreaterThanOrEqual(1);
    }),
  );
});
