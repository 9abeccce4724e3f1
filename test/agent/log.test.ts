import fc from 'fast-check';
import { createLog, formatEvent } from '../../src/agent/log.ts';
import { anyCharacter } from '../support/any-character.ts';

test('an event is one line of its name and its fields', () => {
  const line = formatEvent('service-changed', { service: 'db', to: 'down', reason: 'connection refused', code: 7 });
  expect(line).toBe('service-changed service=db to=down reason="connection refused" code=7');
});

test('fields without a value are left out, and an empty one is shown', () => {
  expect(formatEvent('x', { a: undefined, b: '', c: false })).toBe('x b="" c=false');
});

test('in the journal, each line begins with its priority', () => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), true);
  log('started');
  log('report-failed', { reason: 'timeout' }, 'warning');
  expect(lines).toEqual(['<6>started', '<4>report-failed reason=timeout']);
});

test('no value makes a second line, ends its quotes, or reaches a terminal as a control character', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 600 }), (value) => {
      const line = formatEvent('x', { value, last: 'end' });
      expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      expect(line).toMatch(/^x value=("(?:[^"\\]|\\.)*"|[^\s"=\\]+) last=end$/u);
    }),
  );
});
