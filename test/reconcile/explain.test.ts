import { explain } from '../../src/reconcile/explain.ts';
import {
  CHANGED_SINCE,
  DEPENDENCIES,
  INCOMPLETE,
  NOT_IN_PACKAGE,
  PACKAGE_UNSAFE,
  PROGRAM_MISSING,
} from '../../src/reconcile/exit-codes.ts';

const progress = {
  host: 'istio-vm',
  doing: 'create /etc/a',
  done: ['create /etc/b'],
  left: ['create /etc/a'],
  again: 'meshx setup-vm istio-vm',
};

test.each([
  [INCOMPLETE, '', 'arrived-incomplete'],
  [CHANGED_SINCE, '', 'changed-since-plan'],
  [DEPENDENCIES, '', 'package-dependencies-missing'],
  [PROGRAM_MISSING, 'rpm is not installed', 'program-missing'],
  [NOT_IN_PACKAGE, '', 'package-incomplete'],
  [1, 'cat: write error: No space left on device', 'disk-full'],
  [1, 'tee: Disk quota exceeded', 'disk-full'],
  [INCOMPLETE, 'No space left on device', 'disk-full'],
  [1, 'anything else', 'change-failed'],
])('exit code %i with %j is %s', (exitCode, stderr, id) => {
  const problem = explain({ exitCode, stdout: '', stderr }, progress);
  expect(problem.id).toBe(id);
  expect(problem.message).toContain('istio-vm');
  expect(problem.message).toContain('create /etc/a');
  expect(problem.hint).toContain('meshx setup-vm istio-vm');
  expect(problem.issues).toEqual(['done: create /etc/b', 'not done: create /etc/a']);
});

test('an unsafe package is named with what could not be done, and its reason', () => {
  const problem = explain({ exitCode: PACKAGE_UNSAFE, stdout: '', stderr: 'a path outside' }, progress);
  expect([problem.id, problem.message]).toEqual([
    'package-unsafe',
    'istio-vm: could not create /etc/a: a path outside',
  ]);
});

test('what the machine said is in the message, and the exit code of an unknown failure', () => {
  const message = (exitCode: number) => explain({ exitCode, stdout: 'out', stderr: 'err' }, progress).message;
  expect(message(7)).toBe('istio-vm: could not create /etc/a (exit code 7): err');
  expect(message(PROGRAM_MISSING)).toBe('istio-vm: could not create /etc/a: err');
});

test('a program that talks without end does not fill the message', () => {
  const problem = explain({ exitCode: 1, stdout: '', stderr: 'a line of a log\n'.repeat(100_000) }, progress);
  expect(problem.message.length).toBeLessThan(4500);
});
