import { readFileSync } from 'node:fs';
import { composeFleet } from '../../src/fleet/compose.ts';
import { readFleetFile } from '../../src/fleet/read-file.ts';
import { thrownProblem } from '../support/problem.ts';

const issuesOf = (text: string): readonly string[] => thrownProblem(() => readFleetFile('fleet.yaml', text)).issues;

test.each([
  [
    'an unknown key, with the nearest one',
    'fleet: shop\ngroups:\n  web:\n    host: [a]\n',
    [4, 5, 'there is no key "host"; did you mean hosts?'],
  ],
  [
    'an unknown option',
    'fleet: shop\noptions:\n  exclude-port: 1\ngroups: {}\n',
    [3, 3, 'there is no key "exclude-port"; did you mean exclude-ports?'],
  ],
  [
    'a value of another type',
    'fleet: shop\nrollout:\n  canary: {hosts: [a], soak: soon}\ngroups: {}\n',
    [3, 24, 'rollout.canary.soak: it is not a whole number'],
  ],
  [
    'a percentage above 100',
    'fleet: shop\nrollout:\n  serial: 120%\ngroups: {}\n',
    [3, 3, 'rollout.serial: it is a percentage, as 25%'],
  ],
  [
    'a name that is no name of a host',
    'fleet: shop\ngroups:\n  web:\n    hosts:\n      - a\n      - "-oProxyCommand=x"\n',
    [6, 9, 'groups.web.hosts.1: it is a name that SSH knows, as db-1, user@db-1 or web-[01:20]'],
  ],
  ['a missing field', 'groups: {}\n', [1, 1, 'fleet: it is missing, and is a text']],
  ['a key that is there twice', 'fleet: shop\ngroups: {}\nfleet: other\n', [3, 1, 'the same key as before']],
  ['a second document', 'fleet: shop\ngroups: {}\n---\nfleet: other\n', [3, 1, 'a second document begins here']],
])('%s is shown with its line and column', (_what, text, [line, column, words]) => {
  expect(issuesOf(text as string)).toEqual([`fleet.yaml:${line}:${column}: ${words}`]);
});

test('the file of the how-to page can be used', () => {
  const page = readFileSync(new URL('../../docs/how-to/many-vms.md', import.meta.url), 'utf8');
  const [, text = ''] = /```yaml\n(# yaml-lang[^`]*)```/.exec(page) ?? [];
  const { vms } = composeFleet({ path: 'fleet.yaml', text, file: readFleetFile('fleet.yaml', text) });
  expect(vms).toHaveLength(23);
  expect(vms.find(({ name }) => name === 'web-21')).toMatchObject({
    labels: { tier: 'batch' },
    services: ['web:http:8080'],
  });
});
