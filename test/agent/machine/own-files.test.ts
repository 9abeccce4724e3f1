import fc from 'fast-check';
import { changedFileText, parseChangedFiles, readChangedFiles } from '../../../src/agent/machine/own-files.ts';

test('each line names a file, and what became of it', () => {
  const text = ['edited', 'link', 'left', 'restored'].map((state) => `${state} 1764532800 /etc/x@.service\n`).join('');
  const files = parseChangedFiles(`missing 0 /usr/local/lib/meshx/watch\n${text}`);
  expect(files[0]).toEqual({ state: 'missing', path: '/usr/local/lib/meshx/watch' });
  expect(files[1]).toEqual({ state: 'edited', path: '/etc/x@.service', since: new Date('2025-11-30T20:00:00Z') });
  const texts = files.map(changedFileText);
  expect(new Set(texts).size).toBe(5);
  expect(texts.filter((each) => each.endsWith('meshx up VM'))).toHaveLength(4);
});

test.each([
  'edited 1 relative',
  'edited 1 /a b',
  'edited 1 /a\u001b[2J',
  'edited -1 /a',
  'reboot 1 /a',
  'edited 1 /a\r',
  `edited 1 /${'a'.repeat(300)}`,
])('a line of another form is skipped: %j', (line) => {
  expect(parseChangedFiles(`${line}\n`)).toEqual([]);
});

test('any list gives at most twenty files, each in one visible line', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (lines) => {
      for (const file of parseChangedFiles(lines.map((line) => `edited 9 /${line}`).join('\n')))
        expect(changedFileText(file)).toMatch(/^[ -~]+$/);
    }),
  );
  expect(parseChangedFiles('edited 9 /a\n'.repeat(90))).toHaveLength(20);
});

test('without a list there is nothing to show', async () => {
  expect(await readChangedFiles('/nowhere/files')).toEqual([]);
});
