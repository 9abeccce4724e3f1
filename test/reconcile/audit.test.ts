import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { RootDirectoryHost } from '../../src/host/root-directory.ts';
import { Problem } from '../../src/problems.ts';
import {
  auditMembers,
  type AuditNote,
  auditText,
  readAudit,
  unfinishedRuns,
  verifyAudit,
} from '../../src/reconcile/audit.ts';
import { withLock } from '../../src/reconcile/lock.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import { problemOf } from '../support/problem.ts';
import { ShimMachine, temporaryFolder } from './shim-machine.ts';

const AUDIT = 'var/lib/meshx/audit';
const holder = (run: string) => ({ run, who: 'anna@desk', command: 'meshx up vm' });
const note = (run: string, more: Partial<AuditNote>): string =>
  auditMembers({ event: 'began', ...holder(run), plan: 'a'.repeat(64), ...more });

/** A run that changes the machine; `killed` dies before its end. */
async function changes(vm: ShimMachine, run: string, killed = false): Promise<readonly string[]> {
  const said: string[] = [];
  const ended = () => note(run, { event: 'ended', result: 'changed', changes: 2 });
  const options = {
    ...{ signal: new AbortController().signal, again: 'meshx up vm', say: (text: string) => void said.push(text) },
    note: { began: note(run, { changes: 3 }), ended },
  };
  await withLock(vm, holder(run), options, async () => {
    if (killed) vm.breaks = 'meshx-run-end';
  }).catch((error: unknown) => {
    if (!killed) throw error;
  });
  vm.breaks = '';
  if (killed) execFileSync('rm', ['-f', vm.path('run/meshx/operator')]);
  return said;
}

async function written(runs: number): Promise<{ vm: ShimMachine; text: string }> {
  const vm = new ShimMachine();
  for (let run = 0; run < runs; run += 1) await changes(vm, `run${run}`);
  return { vm, text: await auditText(vm) };
}

const brokenAt = (text: string): number | undefined => {
  try {
    verifyAudit('vm', text);
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== 'audit-chain-broken') throw error;
    return Number(/line (\d+)/.exec(error.message)?.[1]);
  }
};

test('each run leaves two lines, each with the hash of the one before, that root alone may read', async () => {
  const { vm, text } = await written(2);
  const { lines, head } = await readAudit(vm);
  expect(lines.map(({ event, run, result, changes: count }) => [event, run, result, count])).toEqual([
    ['began', 'run0', undefined, 3],
    ['ended', 'run0', 'changed', 2],
    ['began', 'run1', undefined, 3],
    ['ended', 'run1', 'changed', 2],
  ]);
  expect(lines[0]?.previous).toBe('0'.repeat(64));
  expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(head).toBe(sha256(`${text.trimEnd().split('\n').at(-1)}\n`));
  expect(
    execFileSync('sh', ['-c', 'tail -n 1 "$1" | sha256sum', 'sh', vm.path(AUDIT)], { encoding: 'utf8' }),
  ).toContain(head);
  expect(statSync(vm.path(AUDIT)).mode & 0o777).toBe(0o600);
});

test('any changed, removed, doubled or moved line is found, with its number', async () => {
  const { text } = await written(3);
  const lines = text.trimEnd().split('\n');
  expect(brokenAt(text)).toBeUndefined();
  const join = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
  fc.assert(
    fc.property(fc.nat(lines.length - 2), fc.constantFrom('change', 'remove', 'double', 'swap'), (at, what) => {
      const line = lines[at] ?? '';
      const [before, after] = [lines.slice(0, at), lines.slice(at + 1)];
      const edited = {
        change: [...before, line.replace('anna@desk', 'ben@desk'), ...after],
        remove: [...before, ...after],
        double: [...before, line, line, ...after],
        swap: [...before, after[0] ?? '', line, ...after.slice(1)],
      };
      const expected = { change: at + 2, remove: at + 1, double: at + 2, swap: at + 1 };
      expect(brokenAt(join(edited[what as 'change']))).toBe(expected[what as 'change']);
    }),
  );
});

test('one changed byte before the last line is found', async () => {
  const { text } = await written(2);
  const end = text.trimEnd().lastIndexOf('\n');
  fc.assert(
    fc.property(fc.nat(end - 1), fc.integer({ min: 1, max: 94 }), (at, by) => {
      const code = text.charCodeAt(at);
      const other = String.fromCharCode(32 + ((code - 32 + by) % 95));
      fc.pre(text[at] !== '\n' && other !== text[at]);
      expect(brokenAt(text.slice(0, at) + other + text.slice(at + 1))).toBeGreaterThan(0);
    }),
  );
});

test('lines cut off at the end are seen by the head that was kept', async () => {
  const { text } = await written(2);
  const { head, hashes } = verifyAudit('vm', text);
  const cut = verifyAudit('vm', text.split('\n').slice(0, 2).join('\n') + '\n');
  expect(cut.hashes).not.toContain(head);
  expect(hashes).toContain(cut.head);
});

test('a run that died leaves a beginning without an end, and the next run says so', async () => {
  const vm = new ShimMachine();
  await changes(vm, 'dead', true);
  const said = await changes(vm, 'next');
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/a run of anna@desk did not end \(begun \d.*: meshx up vm\)/);
  expect(await changes(vm, 'third')).toEqual([]);
  expect(unfinishedRuns(await readAudit(vm)).map(({ run }) => run)).toEqual(['dead']);
});

test('a line that a power cut tore is no line: it goes, and the chain holds', async () => {
  const { vm, text } = await written(1);
  appendFileSync(vm.path(AUDIT), '{"time":"2025-11-21T09');
  expect(verifyAudit('vm', await auditText(vm)).lines).toHaveLength(2);
  await changes(vm, 'next');
  const after = await auditText(vm);
  expect(after.startsWith(text)).toBe(true);
  expect(verifyAudit('vm', after).lines).toHaveLength(4);
});

test('where the work removed the audit, its end makes none anew', async () => {
  const vm = new ShimMachine();
  const members = note('down', {});
  const options = { signal: new AbortController().signal, again: 'x', note: { began: members, ended: () => members } };
  await withLock(vm, holder('down'), options, async () => {
    execFileSync('rm', ['-r', vm.path('var/lib/meshx'), vm.path('run/meshx')]);
  });
  expect([existsSync(vm.path('var/lib/meshx')), existsSync(vm.path('run/meshx'))]).toEqual([false, false]);
});

test('words with quotes, line breaks and other letters come back as they were', async () => {
  const vm = new ShimMachine();
  const odd = `"meshx"\n'up'\\ \u2028 $(id) é %s \u0007`;
  const members = note('odd', { command: odd });
  const options = { signal: new AbortController().signal, again: 'x', note: { began: members, ended: () => members } };
  await withLock(vm, holder('odd'), options, async () => undefined);
  expect((await readAudit(vm)).lines.map(({ command }) => command)).toEqual([odd, odd]);
});

test.each([
  ['text', 'hello\n', 1],
  ['JSON of something else', '{"a":1}\n', 1],
  ['a list', '[]\n', 1],
  ['an empty line', '\n', 1],
])('%s is no audit', (_what, text, line) => {
  expect(brokenAt(text)).toBe(line);
});

test('no text crashes the reader', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      brokenAt(text);
      brokenAt(`${text}\n`);
    }),
  );
});

test('a machine without an audit has none, and an image has neither audit nor lock', async () => {
  expect(await auditText(new ShimMachine())).toBe('');
  expect(verifyAudit('vm', '').lines).toEqual([]);
  const directory = temporaryFolder();
  mkdirSync(`${directory}/etc`);
  await using image = new RootDirectoryHost({ directory });
  const members = note('image', {});
  const options = { signal: new AbortController().signal, again: 'x', note: { began: members, ended: () => members } };
  expect(await withLock(image, holder('image'), options, async ({ moved }) => moved)).toBe(false);
  expect(await auditText(image)).toBe('');
  expect(existsSync(`${directory}/run`) || existsSync(`${directory}/var`)).toBe(false);
});

test('an audit that cannot be read is a Problem, not an empty one', async () => {
  const vm = new ShimMachine();
  mkdirSync(vm.path('var/lib/meshx'), { recursive: true });
  writeFileSync(vm.path(AUDIT), 'x');
  vm.breaks = 'meshx-audit-read';
  expect((await problemOf(auditText(vm))).id).toBe('probe-failed');
  expect(readFileSync(vm.path(AUDIT), 'utf8')).toBe('x');
});
