import { formerPackage, packageBack, parseCopies } from '../../../src/reconcile/undo/former-package.ts';
import { AnsweringHost } from '../../support/answering-host.ts';
import { problemOf } from '../../support/problem.ts';
import { sum } from './undo-texts.ts';

const header = (version: string, format = 'deb'): string => `sidecar ${version} ${format} ${sum('a')}`;
/** The lines of a copy. */
const about = (version: string, ...lines: readonly string[]): string =>
  [header(version), '/', '/var/lib/meshx/package', ...lines].map((line) => `=${line}\n`).join('');
const copy = (version: string, ...verify: readonly string[]) => ({
  ...{ name: 'sidecar', version, format: 'deb', sha256: sum('a'), into: '/', marker: '/var/lib/meshx/package', verify },
});

test('the packages are read by one script beside their marker', async () => {
  const vm = new AnsweringHost(() => ({
    stdout: `current\n${about('2', '/opt/agent', '/opt/b c')}former\n${about('1')}`,
  }));
  expect(await formerPackage(vm, '/var/lib/meshx/package')).toEqual({
    ...{ current: copy('2', '/opt/agent', '/opt/b c'), former: copy('1') },
  });
  expect(vm.sent).toEqual([['package-copies', '/var/lib/meshx/package']]);
});

test('packages that cannot be read are a Problem', async () => {
  const vm = new AnsweringHost(() => ({ exitCode: 2, stderr: 'no', stdout: `current\n${about('2')}` }));
  expect(await problemOf(formerPackage(vm, '/m'))).toMatchObject({
    id: 'probe-failed',
    message: 'vm1: inspecting the packages failed (exit code 2): no',
  });
});

test.each([
  ['nothing', '', {}],
  ['only a former one', `former\n${about('1')}`, {}],
  ['only a current one', `current\n${about('1.29.1')}`, { current: copy('1.29.1') }],
  [
    'an installed one that is the current one',
    `installed ${header('2')}\ncurrent\n${about('2')}`,
    { current: copy('2') },
  ],
  ['an installed one that is another one', `installed ${header('1')}\ncurrent\n${about('2')}former\n${about('1')}`, {}],
  ['a name of a line within another line', `xinstalled ${header('1')}\ncurrent\n${about('2')}`, { current: copy('2') }],
  ['an empty last line', `current\n${about('2', '/opt/a', '')}`, { current: copy('2', '/opt/a') }],
])('of %s', (_title, text, expected) => {
  expect(parseCopies(text)).toStrictEqual(expected);
});

test.each([
  ['a header without a digest', about('2').replace(sum('a'), 'abc')],
  ['a header with too long a digest', about('2').replace(sum('a'), `${sum('a')}0`)],
  ['a header with a digest of other letters', about('2').replace(sum('a'), sum('z'))],
  ['a header of an unknown format', about('2').replace(' deb ', ' zip ')],
  ['a header with words before it', about('2').replace('=sidecar', '=my sidecar')],
  ['no directory', about('2').replace('=/\n', '=\n')],
  ['no marker', about('2').replace('=/var/lib/meshx/package\n', '=\n')],
  ['nothing but its header', `=${header('2')}\n`],
])('a copy that has %s is none', (_title, text) => {
  expect(parseCopies(`current\n${text}`)).toEqual({});
});

test('to install the former package its copy is checked by its digest, and 10 minutes may pass', () => {
  const { summary, scripts } = packageBack({ ...copy('1', '/opt/agent'), format: 'directory' });
  expect(summary).toBe('roll back to sidecar 1');
  expect(scripts).toEqual([
    {
      script: {
        ...{ name: 'package-back', text: expect.any(String) },
        args: ['directory', header('1', 'directory'), sum('a'), '/', '/var/lib/meshx/package', '/opt/agent'],
      },
      timeoutMs: 600_000,
    },
  ]);
});
