import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { auditMembers, readAudit } from '../../src/reconcile/audit.ts';
import { FORMATS } from '../../src/reconcile/formats.ts';
import { withLock } from '../../src/reconcile/lock.ts';
import { parseJournal } from '../../src/reconcile/undo/record.ts';
import { parseSwitch } from '../../src/vm/dead-man.ts';
import { parseRecord } from '../../src/vm/membership-record.ts';
import { caseFolder } from '../support/cases.ts';
import { problemOf } from '../support/problem.ts';
import { ShimMachine } from './shim-machine.ts';

/** What meshx kept on a VM before each file named its format. */
const first = (name: string): string => caseFolder.text(`formats-first/${name}`);

/** Where each is on a VM, with the texts that its first format and a later one begin with. */
const PLACES: readonly (readonly [
  kind: keyof typeof FORMATS,
  path: string,
  name: string,
  newer: (text: string) => string,
])[] = [
  ['lock', 'run/meshx/operator', 'lock', (text) => `format 9\n${text}`],
  ['audit', 'var/lib/meshx/audit', 'audit', (text) => text.replaceAll('"event"', '"format":9,"meshx":"7.2.0","event"')],
  ['journal', 'var/lib/meshx/undo/README', 'journal/README', (text) => text.replace(/format \d/, 'format 9')],
  ['membership', 'var/lib/meshx/membership', 'membership', (text) => text.replace('"format": 1', '"format": 9')],
  ['switch', 'var/lib/meshx/armed', 'armed', (text) => `format=9\n${text}`],
  ['switch', 'var/lib/meshx/reverted', 'reverted', (text) => `format=9\n${text}`],
  ['bypass', 'var/lib/meshx/bypass/state', 'bypass-state', (text) => `format=9\n${text}`],
];

function put(vm: ShimMachine, path: string, text: string): void {
  mkdirSync(dirname(vm.path(path)), { recursive: true });
  writeFileSync(vm.path(path), text);
}

const change = (vm: ShimMachine): Promise<string> => {
  const holder = { run: 'run-of-ben', who: 'ben@desk', command: 'meshx up vm', meshx: '0.1.0' };
  const note = { began: auditMembers({ event: 'began', ...holder, plan: '0' }), ended: () => '' };
  return withLock(vm, holder, { signal: new AbortController().signal, again: 'meshx up vm', note }, async () => 'done');
};

test('a VM with the files of an older meshx is changed by this one', async () => {
  const vm = new ShimMachine();
  for (const [, path, name] of PLACES) put(vm, path, first(name));
  expect(await change(vm)).toBe('done');
  const { lines } = await readAudit(vm);
  expect(lines).toHaveLength(3);
  expect(lines.at(-1)).toMatchObject({ format: FORMATS.audit, meshx: '0.1.0' });
});

test.each(PLACES)(
  'a VM whose %s (%s) is of a newer meshx is not changed, and the file is named',
  async (kind, path, name, newer) => {
    const vm = new ShimMachine();
    put(vm, 'var/lib/meshx/audit', first('audit').replaceAll('"event"', '"meshx":"7.2.0","event"'));
    put(vm, path, newer(first(name)));
    const before = readFileSync(vm.path(path), 'utf8');
    const { id, message, hint } = await problemOf(change(vm));
    expect(id).toBe('format-newer');
    expect(message).toContain(`${vm.path(path)} (${kind}) has format 9, written by meshx 7.2.0`);
    expect(message).toContain(`up to ${FORMATS[kind]}. Nothing was changed.`);
    expect(hint).toContain('Use meshx 7.2.0, or a newer one');
    expect(readFileSync(vm.path(path), 'utf8')).toBe(before);
  },
);

test.each(PLACES)('a VM whose %s (%s) has today’s format is changed', async (kind, path, name, newer) => {
  const vm = new ShimMachine();
  put(vm, path, newer(first(name)).replace(/(format"?[ :=]+)9/g, `$1${FORMATS[kind]}`));
  // A lock of a connection that is gone is free.
  expect(await change(vm)).toBe('done');
});

test('what someone typed is not taken for the format of a file', async () => {
  const vm = new ShimMachine();
  const typed = first('audit').replaceAll('meshx up web-1 -n vm', '\\"format\\":9 format 9\\n\\"meshx\\":\\"8\\"');
  put(vm, 'var/lib/meshx/audit', typed);
  put(vm, 'run/meshx/operator', first('lock').replace('meshx up web-1 -n vm', 'format 9'));
  expect(await change(vm)).toBe('done');
});

test('each file of an older meshx is read', async () => {
  const journal = { readme: first('journal/README'), index: first('journal/index'), wrote: first('journal/wrote') };
  expect(parseJournal({ host: 'vm', ...journal }).entries.length).toBeGreaterThan(10);
  expect(parseRecord('vm', first('membership'))).toMatchObject({ namespace: 'vm', options: { service: 'web:80' } });
  const prefixed = first('reverted').replaceAll(/^/gm, 'reverted-');
  expect(parseSwitch(prefixed).reverted).toMatchObject({ by: 'anna@desk', why: 'not confirmed within 90 s' });
  const vm = new ShimMachine();
  put(vm, 'var/lib/meshx/audit', first('audit'));
  expect((await readAudit(vm)).lines).toHaveLength(2);
});

test('each reader refuses a newer file by its name', async () => {
  const [journal, membership] = [first('journal/README').replace(/format \d/, 'format 9'), first('membership')];
  const read = async (act: () => unknown) => await problemOf(Promise.resolve().then(act));
  expect(await read(() => parseJournal({ host: 'vm', readme: journal, index: '', wrote: '' }))).toMatchObject({
    id: 'format-newer',
    message: expect.stringContaining('/var/lib/meshx/undo/README (journal) has format 9'),
  });
  expect(await read(() => parseRecord('vm', membership.replace('"format": 1', '"format": 9')))).toMatchObject({
    id: 'format-newer',
  });
  const vm = new ShimMachine();
  put(vm, 'var/lib/meshx/audit', first('audit').replaceAll('"event"', '"format":9,"event"'));
  expect(await problemOf(readAudit(vm))).toMatchObject({ id: 'format-newer' });
});
