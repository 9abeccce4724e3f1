import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { formatQuoted, parseEnv } from '../../src/mesh/env-value.ts';
import { formatAssignment } from '../../src/reconcile/kinds/env-text.ts';

/**
 * One assignment as systemd's parse_env_file reads it, of one line with quotes. Until version 239 a backslash is an escape in
 * every kind of quotes, and the character after it is taken as it is; since then it is one in double quotes only, before four
 * characters.
 */
function systemd(line: string, version: 239 | 252): string {
  const raw = line.slice(line.indexOf('=') + 1);
  let value = '';
  let quote = '';
  for (let at = 0; at < raw.length; at += 1) {
    const c = raw.charAt(at);
    const next = raw.charAt(at + 1);
    if (quote === '' && (c === '"' || c === "'")) quote = c;
    else if (quote === c) quote = '';
    else if (c !== '\\') value += c;
    else if (version === 239 || quote === '') {
      value += next;
      at += 1;
    } else if (quote === '"') {
      value += /["\\$`]/.test(next) ? next : c + next;
      at += 1;
    } else value += c;
  }
  return value;
}

const values = [
  ...[
    '',
    'plain',
    'a b',
    "it's",
    'say "x"',
    '\\',
    'a\\b',
    'a\\\\b',
    '\\n',
    "'\\'",
    '"\\"',
    '$HOME',
    '`id`',
    '#x',
    'a # b',
  ],
  ...['{"a":"b\\"c"}', 'C:\\new\\table', "\\'", 'ends\\', '~', '*'],
];

/** Every text that meshx writes as KEY=value, whichever function writes it. */
const writers = { formatQuoted, formatAssignment };

test.each(Object.entries(writers))('%s: a shell and every systemd from 239 on read the same value', (_name, write) => {
  for (const value of values) {
    const line = write('KEY', value);
    expect([line, systemd(line, 239), systemd(line, 252)]).toEqual([line, value, value]);
    const shell = spawnSync('sh', ['-c', `${line}\nprintf %s "$KEY"`], { encoding: 'utf8' });
    expect([line, shell.stdout]).toEqual([line, value]);
    expect(parseEnv(line).get('KEY')).toBe(value);
  }
});

test.each(Object.entries(writers))('%s: that holds for any value without control characters', (_name, write) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab \\"\'$`#;=~*') }), (value) => {
      const line = write('KEY', value);
      expect([systemd(line, 239), systemd(line, 252), parseEnv(line).get('KEY')]).toEqual([value, value, value]);
    }),
  );
});
