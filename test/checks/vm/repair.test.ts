import { judged, type World } from './recorded-vm.ts';

/** A property of a unit of the recorded VM. */
const unit = (name: string, before: string, after: string): NonNullable<World['picture']>[number] => [
  new RegExp(`(units Id=${name}.service\n(?:units [A-Z].*\n)*?)units ${before}`),
  `$1units ${after}`,
];
const STOPPED = ['ActiveState=active', 'ActiveState=inactive'] as const;
const RULES_GONE = [/(nat \S+) -A .*\n/g, ''] as const;

const repaired = (...picture: NonNullable<World['picture']>): readonly string[] =>
  judged({ picture }).flatMap(({ ok, id, repair }) => (ok === false && repair === 'join' ? [id] : []));

test('a repeated join starts what a join starts, and enables it', () => {
  expect(repaired(unit('istio', ...STOPPED))).toEqual(['sidecar-unit']);
  expect(repaired(unit('meshx-capture', ...STOPPED), RULES_GONE)).toEqual(['units-active', 'capture-loaded']);
  expect(repaired(unit('istio', 'UnitFileState=enabled', 'UnitFileState=disabled'))).toEqual(['units-boot']);
  expect(repaired(unit('istio', 'NeedDaemonReload=no', 'NeedDaemonReload=yes'))).toEqual(['units-loaded']);
});

test('a repeated join writes the name of istiod again', () => {
  expect(repaired([/istiod found \d+ .*\n(?:istiod (?!end).*\n)*/, 'istiod found 30 \n'])).toEqual(['istiod-name']);
});

test('rules that another program removed are loaded again, unless capture gave way to it', () => {
  const lost = ['capture capture=on', 'capture missing=4\ncapture capture=lost'] as const;
  const way = ['capture end', 'capture gave-way=2026-11-30T23:00:00Z process 9 (x)\ncapture end'] as const;
  const repairs = (...picture: NonNullable<World['picture']>) =>
    judged({ picture }).flatMap(({ ok, id, repair }) => (ok === false ? [[id, repair]] : []));
  expect(repairs(lost)).toEqual([['capture-loaded', 'capture']]);
  expect(repairs(lost, way)).toEqual([['capture-loaded', undefined]]);
});

test('a token that ended is written by a repeated join', () => {
  const now = new Date(Date.parse('2026-12-02T05:09:20Z'));
  expect(judged({ now }).filter(({ id }) => id === 'vm-token')).toMatchObject([{ ok: false, repair: 'join' }]);
});

test('nothing is repaired on a VM on which capture was turned off or a unit was masked', () => {
  const stopped = unit('meshx-capture', ...STOPPED);
  expect(repaired(stopped, ['capture end', 'capture bypassed=yes\ncapture end'])).toEqual([]);
  expect(repaired(stopped, unit('meshx-watch', 'LoadState=\\S+', 'LoadState=masked'))).toEqual([]);
});

test('what a person decides has no repair', () => {
  expect(repaired([/disk k \d+ /, 'disk k 12 '])).toEqual([]);
  expect(repaired([/identity \/etc\/certs\/root-cert.pem .*\n/, ''])).toEqual([]);
});
