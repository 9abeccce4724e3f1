import { allCases, caseId, chooseCases, type Course } from './cases.ts';
import { commandName } from './gate.ts';

const COURSES: readonly Course[] = [
  {
    ...{ operation: 'up', service: 'http', user: 'root', agent: false },
    ...{ commands: ['id', 'meshx-preflight'], requests: ['GET /a'] },
  },
  { operation: 'down', service: 'mysql', user: 'operator', agent: false, commands: ['id'], requests: [] },
  { operation: 'up', service: 'http', user: 'operator', agent: true, commands: ['id'], requests: [] },
];
const all = allCases(COURSES);

test('every command and request meets every fault, and `up` without the agent also where port 22 is to be captured', () => {
  expect(all).toHaveLength(2 * 10 * 2 + 1 * 8 + 1 * 10 + 1 * 10);
  expect(new Set(all.map(caseId)).size).toBe(all.length);
  expect(all.map(caseId)).toContain('up/http/root/port22/command-2/cut-after');
  expect(all.map(caseId)).toContain('up/http/operator/agent/command-1/cut-after');
});

test('the same seed chooses the same cases, another one others', () => {
  const ids = (seed: number): readonly string[] => chooseCases(all, { seed, count: 12 }).map(caseId);
  expect(ids(1)).toEqual(ids(1));
  expect(ids(1)).not.toEqual(ids(2));
});

test('a few cases are of as many kinds, and all of them are each one once', () => {
  const few = chooseCases(all, { seed: 5, count: 20 });
  const kinds = few.map(({ operation, trap, fault }) => `${operation} ${trap} ${fault.where} ${fault.what}`);
  expect(new Set(kinds).size).toBe(20);
  expect(new Set(chooseCases(all, { seed: 5, count: 1000 }).map(caseId)).size).toBe(all.length);
});

test.each([
  [
    `sh -c 'printf x; exec "$@"' meshx-0123456789abcdef01234567 sh -c 'R=x' meshx-unit-start restart istio.service`,
    'meshx-unit-start',
  ],
  [`sh -c 'printf x' meshx-0123456789abcdef01234567 id -u`, 'id'],
  ['true', 'true'],
])('%s is called %s', (line, name) => {
  expect(commandName(line)).toBe(name);
});
