import {
  auditChain,
  auditMembers,
  type AuditNote,
  auditText,
  readAudit,
  unfinishedRuns,
  verifyAudit,
} from '../../src/reconcile/audit.ts';
import { refuseNamed, refuseNewer } from '../../src/reconcile/formats.ts';
import { sha256 } from '../../src/reconcile/sha256.ts';
import { AnsweringHost } from '../support/answering-host.ts';
import { problemOf } from '../support/problem.ts';

const NONE = '0'.repeat(64);
const note = (run: string, event: AuditNote['event'], more: Partial<AuditNote> = {}): AuditNote => ({
  ...{ event, run, who: 'anna@desk', command: 'meshx up vm1', plan: 'p' },
  ...more,
});

/** An audit as a machine writes it. */
function textOf(...notes: readonly AuditNote[]): string {
  let previous = NONE;
  return notes
    .map((each) => {
      const line = `{"time":"T",${auditMembers(each)},"from":"","login":"anna","previous":"${previous}"}\n`;
      previous = sha256(line);
      return line;
    })
    .join('');
}
const TWO = textOf(note('r1', 'began'), note('r1', 'ended', { result: 'changed' }));
const [FIRST = '', SECOND = ''] = TWO.trimEnd().split('\n');

test('the members of a line begin with the format', () => {
  expect(auditMembers(note('r', 'began', { changes: 2 }))).toBe(
    '"format":1,"event":"began","run":"r","who":"anna@desk","command":"meshx up vm1","plan":"p","changes":2',
  );
});

test('a whole audit has its lines, the hash of each, and the last one as its head', () => {
  const chain = auditChain(TWO);
  const hashes = [FIRST, SECOND].map((line) => sha256(`${line}\n`));
  expect(chain).toMatchObject({
    hashes,
    head: hashes[1],
    lines: [{ event: 'began' }, { event: 'ended', login: 'anna' }],
  });
  expect(chain).not.toHaveProperty('broken');
  expect(auditChain('')).toEqual({ lines: [], hashes: [], head: NONE });
  expect(verifyAudit('vm1', TWO).head).toBe(hashes[1]);
});

test.each([
  ['a first line that follows another one', `${SECOND}\n`, 1, 'was not the first one', 0],
  ['a doubled line', `${FIRST}\n${FIRST}\n`, 2, 'does not follow the one before it', 1],
  ['a line of something else', `${FIRST}\nhello\n`, 2, 'is no line of an audit', 1],
  ['a list', '[]\n', 1, 'is no line of an audit', 0],
  ['null', 'null\n', 1, 'is no line of an audit', 0],
  ['a number', '1\n', 1, 'is no line of an audit', 0],
])('an audit with %s is broken there, and valid up to it', (...[, text, line, reason, valid]) => {
  const chain = auditChain(text);
  expect(chain.broken).toEqual({ line, reason });
  expect([chain.lines.length, chain.hashes.length]).toEqual([valid, valid]);
  expect(chain.head).toBe(valid === 0 ? NONE : sha256(`${FIRST}\n`));
  expect(() => verifyAudit('vm1', text)).toThrow(
    `vm1: the audit was changed after it was written: line ${line} ${reason}.`,
  );
});

test.each(['time', 'event', 'run', 'who', 'command', 'plan', 'from', 'login', 'previous'])(
  'a line without %s is none',
  (name) => {
    const without = FIRST.replace(`"${name}":`, `"no-${name}":`);
    expect(auditChain(`${without}\n`).broken?.reason).toBe('is no line of an audit');
    expect(auditChain(`${FIRST.replace(new RegExp(`"${name}":"[^"]*"`), `"${name}":1`)}\n`).broken?.line).toBe(1);
  },
);

test('text after the last line end is of a power cut', () => {
  expect(auditChain(`${TWO}{"time":`).lines).toHaveLength(2);
});

test('a run is unfinished while it has a beginning and no end', () => {
  const text = textOf(note('a', 'began'), note('b', 'began'), note('a', 'ended'), note('c', 'ended'));
  expect(unfinishedRuns(auditChain(text)).map(({ run }) => run)).toEqual(['b']);
});

test('the audit is read by one script; it is empty where there is none', async () => {
  const host = new AnsweringHost(() => ({ stdout: TWO }));
  expect(await auditText(host)).toBe(TWO);
  expect((await readAudit(host)).lines).toHaveLength(2);
  expect(host.sent[0]).toEqual(['audit-read']);
  expect(await auditText(new AnsweringHost())).toBe('');
});

test('an audit that cannot be read is a Problem', async () => {
  const host = new AnsweringHost(() => ({ exitCode: 2, stdout: TWO, stderr: 'no' }));
  const { id, message } = await problemOf(auditText(host));
  expect([id, message]).toEqual(['probe-failed', 'vm1: inspecting the audit failed (exit code 2): no']);
});

test('the last line tells the format of an audit', async () => {
  const newer = (text: string) => auditText(new AnsweringHost(() => ({ stdout: text })));
  const line = SECOND.replace('"format":1', '"format":12');
  const { id, message } = await problemOf(newer(`${FIRST}\n${SECOND}\n${line}\n`));
  expect([id, message]).toEqual([
    'format-newer',
    expect.stringContaining('/var/lib/meshx/audit (audit) has format 12'),
  ]);
  expect(await newer(`${FIRST}\n${line}\n${FIRST}\n`)).toContain('"format":12');
  expect(await newer(`${FIRST.replace('"format":1,', '')}\n`)).not.toContain('format');
});

test('a file of the newest known format is read, the next one is refused', async () => {
  const found = { host: 'vm1', kind: 'journal', file: '/f' } as const;
  expect(() => refuseNewer({ ...found, format: 2 })).not.toThrow();
  const { message } = await problemOf((async () => refuseNewer({ ...found, format: 3 }))());
  expect(message).toContain(
    'vm1: /f (journal) has format 3, written by a newer meshx. This meshx reads formats up to 2.',
  );
});

test('a machine names the file, its format and who wrote it', async () => {
  const named = async (text: string) => (await problemOf((async () => refuseNamed('vm1', text))())).message;
  expect(await named('x\nnewer lock 1 12 7.2.0 /run/meshx/operator\n')).toContain(
    'vm1: /run/meshx/operator (lock) has format 12, written by meshx 7.2.0. This meshx reads formats up to 1.',
  );
  expect(await named('newer audit 10 11 - /a b')).toContain('/a b (audit) has format 11, written by a newer meshx.');
  for (const text of ['', 'xnewer lock 1 2 - /a', 'newer lock 1 2 - a', 'newer lock one 2 - /a', 'newer lock 1 2 /a'])
    expect(() => refuseNamed('vm1', text)).not.toThrow();
});
