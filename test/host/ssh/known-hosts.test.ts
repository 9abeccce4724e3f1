import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { fingerprint, keyType, parseFingerprint } from '../../../src/host/ssh/fingerprint.ts';
import {
  hashedName,
  hostKeyAlgorithms,
  judge,
  knownFor,
  knownName,
  parseKnownHosts,
} from '../../../src/host/ssh/known-hosts.ts';
import { readKnownHosts, recordHostKey } from '../../../src/host/ssh/known-hosts-file.ts';
import { keyPair } from '../../support/ssh-server.ts';

const [one, two, rsa] = [keyPair(), keyPair(), keyPair('rsa')];
const line = (names: string, key = one) => `${names} ${key.publicLine}`;
const verdict = (text: string, name: string, key = one) => judge(parseKnownHosts(text, 'known_hosts'), name, key.blob);

test.each([
  ['a plain name', line('vm.example'), 'vm.example', 'match'],
  ['case of names does not matter', line('VM.Example'), 'vm.example', 'match'],
  ['several names', line('vm,10.0.0.5'), '10.0.0.5', 'match'],
  ['another name', line('vm'), 'vm2', 'unknown'],
  ['another key of the same type', line('vm', two), 'vm', 'mismatch'],
  ['only a key of another type', line('vm', rsa), 'vm', 'mismatch'],
  ['one of several keys', `${line('vm', two)}\n${line('vm')}\n${line('vm', rsa)}`, 'vm', 'match'],
  ['a port in brackets', line('[vm]:2222'), '[vm]:2222', 'match'],
  ['a port does not stand for the other one', line('[vm]:2222'), 'vm', 'unknown'],
  ['a pattern', line('*.example'), 'vm.example', 'match'],
  ['a question mark', line('vm?'), 'vm1', 'match'],
  ['a negation wins over the pattern', line('*.example,!bad.example'), 'bad.example', 'unknown'],
  ['negation alone matches nothing', line('!bad.example'), 'vm.example', 'unknown'],
  ['a hashed name', line(hashedName('vm', Buffer.from('12345678901234567890'))), 'vm', 'match'],
  ['a hashed name of another host', line(hashedName('vm', Buffer.alloc(20))), 'vm2', 'unknown'],
  ['a hashed name with port', line(hashedName('[vm]:2222', Buffer.alloc(20))), '[vm]:2222', 'match'],
  ['a revoked key', `@revoked ${line('*')}`, 'vm', 'revoked'],
  ['a revoked key that is also listed', `${line('vm')}\n@revoked ${line('vm')}`, 'vm', 'revoked'],
  ['another revoked key', `@revoked ${line('*', two)}`, 'vm', 'unknown'],
  ['a certificate authority', `@cert-authority ${line('*.example')}`, 'vm.example', 'needs-cert-authority'],
  ['a plain key before a certificate authority', `@cert-authority ${line('*')}\n${line('vm')}`, 'vm', 'match'],
  [
    'an authority is asked before a plain key of another kind is judged',
    `@cert-authority ${line('*')}\n${line('vm', two)}`,
    'vm',
    'needs-cert-authority',
  ],
  ['an unknown marker', `@something ${line('vm')}`, 'vm', 'unknown'],
  ['a comment', `# ${line('vm')}`, 'vm', 'unknown'],
  ['tabs, spaces and a carriage return', `  ${line('vm').replaceAll(' ', '\t  ')}  a comment\r`, 'vm', 'match'],
  ['a damaged key', 'vm ssh-ed25519 AAAA', 'vm', 'unknown'],
  ['a type that is not the key’s', `vm ssh-rsa ${one.blob.toString('base64')}`, 'vm', 'unknown'],
  ['an empty file', '', 'vm', 'unknown'],
])('%s', (_title, text, name, kind) => {
  expect(verdict(text, name).kind).toBe(kind);
});

const SALTED = hashedName('vm', Buffer.from('12345678901234567890')).split('|');

test.each([
  ['an unknown marker', `@something ${line('vm')}`],
  ['a comment without a space', `#${line('vm')}`],
  ['a name alone', 'vm'],
  ['a name and a type', 'vm ssh-ed25519'],
  ['an empty line', '\t '],
])('%s is no entry', (_title, text) => {
  expect(parseKnownHosts(text, 'known_hosts')).toEqual([]);
});

test.each([
  ['of another version', ['', '2', SALTED[2], SALTED[3]]],
  ['without a version', ['', '', SALTED[2], SALTED[3]]],
  ['without a salt', ['', '1', '', SALTED[3]]],
  ['without a hash', ['', '1', SALTED[2], '']],
])('a hashed name %s matches no host', (_title, parts) => {
  expect(verdict(line(parts.join('|')), 'vm').kind).toBe('unknown');
  const unsalted = createHmac('sha1', '').update('vm').digest('base64');
  expect(verdict(line(`|1||${unsalted}`), 'vm').kind).toBe('unknown');
});

test('a verdict names file and line; of several known keys the one of the same type', () => {
  const text = `# a comment\n${line('vm', rsa)}\n${line('vm', two)}\n`;
  expect(verdict(text, 'vm')).toEqual({ kind: 'mismatch', where: 'known_hosts:3' });
});

test('a name with another port than 22 is in brackets', () => {
  expect(knownName('VM', 22)).toBe('vm');
  expect(knownName('::1', 2222)).toBe('[::1]:2222');
});

test('types that are known are offered first, so that a known host is not taken for an unknown one', () => {
  const { types } = knownFor(parseKnownHosts(line('vm', rsa), 'k'), 'vm');
  expect(hostKeyAlgorithms(types).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(hostKeyAlgorithms([])[0]).toBe('ssh-ed25519');
  expect(hostKeyAlgorithms(types)).toHaveLength(6);
  expect(new Set(hostKeyAlgorithms(types))).toEqual(new Set(hostKeyAlgorithms([])));
  expect(hostKeyAlgorithms(['ecdsa-sha2-nistp384', 'ssh-rsa']).slice(0, 3)).toEqual([
    'ecdsa-sha2-nistp384',
    'rsa-sha2-512',
    'rsa-sha2-256',
  ]);
});

test('the keys known for a host are its plain ones, each type once, and its authority apart', () => {
  const text = [line('vm'), line('vm', two), line('other', rsa), `@revoked ${line('vm', rsa)}`].join('\n');
  expect(knownFor(parseKnownHosts(text, 'k'), 'vm')).toEqual({ types: ['ssh-ed25519'], authority: undefined });
  const signed = knownFor(parseKnownHosts(`${line('vm')}\n@cert-authority ${line('vm', rsa)}`, 'k'), 'vm');
  expect(signed).toMatchObject({ types: ['ssh-ed25519'], authority: { where: 'k:2', marker: '@cert-authority' } });
});

test('a fingerprint is what ssh-keygen prints, with or without padding; others are refused', () => {
  const own = fingerprint(one.blob);
  expect(parseFingerprint(` ${own}= `)).toBe(own);
  for (const bad of ['', 'SHA256:', 'MD5:00:11', `${own}x`, own.toLowerCase(), `SHA1:${own.slice(7)}`]) {
    expect(() => parseFingerprint(bad)).toThrow(expect.objectContaining({ id: 'ssh-fingerprint-invalid' }));
  }
});

describe('in a folder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'meshx-known-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('a key is recorded in a file that is made for its owner alone', async () => {
    const file = join(folder, '.ssh', 'known_hosts');
    await recordHostKey(file, { name: 'vm', key: one.blob, hash: false });
    await recordHostKey(file, { name: '[vm]:2222', key: two.blob, hash: true });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, '.ssh'))).mode & 0o777).toBe(0o700);
    const known = await readKnownHosts([file]);
    expect(judge(known, 'vm', one.blob).kind).toBe('match');
    expect(judge(known, '[vm]:2222', two.blob).kind).toBe('match');
    expect(await readFile(file, 'utf8')).not.toContain('2222');
  });

  test('a key is recorded on a line of its own when the file ends inside a line', async () => {
    const file = join(folder, 'known_hosts');
    await writeFile(file, line('old', two));
    await recordHostKey(file, { name: 'vm', key: one.blob, hash: false });
    const known = await readKnownHosts([file]);
    expect([judge(known, 'old', two.blob).kind, judge(known, 'vm', one.blob).kind]).toEqual(['match', 'match']);
    expect(judge(known, 'vm', one.blob)).toEqual({ kind: 'match', where: `${file}:2` });
  });

  test.each(['', `${line('old', two)}\n`])(
    'a key is added without an empty line to a file of whole lines',
    async (text) => {
      const file = join(folder, 'known_hosts');
      await writeFile(file, text);
      await recordHostKey(file, { name: 'vm', key: one.blob, hash: false });
      expect(await readFile(file, 'utf8')).toBe(`${text}${line('vm')}\n`);
    },
  );

  test('a file that cannot be written is a Problem', async () => {
    const entry = { name: 'vm', key: one.blob, hash: false };
    const message = expect.stringContaining(folder);
    await expect(recordHostKey(folder, entry)).rejects.toMatchObject({ id: 'ssh-file-unreadable', message });
  });

  test('missing files know no host; a folder where a file should be is a Problem', async () => {
    expect(await readKnownHosts([join(folder, 'none'), join(folder, 'none', 'below')])).toEqual([]);
    await expect(readKnownHosts([folder])).rejects.toMatchObject({ id: 'ssh-file-unreadable' });
  });
});

describe('properties', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom(
      '@revoked',
      '@cert-authority',
      '@',
      '|1|',
      '|1|AA|BB',
      '|1|AA',
      '|2|a|b',
      '*',
      '!*',
      '[vm]:22',
      'vm',
      ',',
    ),
    fc.constantFrom(
      'ssh-ed25519',
      'ssh-rsa',
      one.blob.toString('base64'),
      two.blob.toString('base64'),
      '#',
      '\t',
      '\0',
    ),
  );
  const text = fc
    .array(fc.array(word, { maxLength: 5 }), { maxLength: 8 })
    .map((lines) => lines.map((words) => words.join(' ')).join('\n'));

  test('any text is read and judged without an exception, and only a listed key matches', () => {
    fc.assert(
      fc.property(text, fc.string({ maxLength: 12 }), (known, name) => {
        const entries = parseKnownHosts(known, 'f');
        const { kind } = judge(entries, name, one.blob);
        if (kind === 'match') expect(known).toContain(one.blob.toString('base64'));
      }),
      { numRuns: 500 },
    );
  });

  test('a type is read from any bytes without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => keyType(Buffer.from(bytes)).length <= 64),
      { numRuns: 500 },
    );
  });

  test('a hashed name matches its own name and no other', () => {
    fc.assert(
      fc.property(fc.domain(), fc.domain(), fc.uint8Array({ minLength: 20, maxLength: 20 }), (name, other, salt) => {
        const hashed = hashedName(name, Buffer.from(salt));
        expect(hashed).toContain(createHmac('sha1', salt).update(name).digest('base64'));
        expect(verdict(line(hashed), name).kind).toBe('match');
        expect(verdict(line(hashed), other).kind).toBe(other === name ? 'match' : 'unknown');
      }),
    );
  });

  test('patterns with many stars are judged at once', () => {
    const hostile = line(`${'*a'.repeat(5000)}b`);
    const begin = process.cpuUsage();
    expect(verdict(hostile, 'a'.repeat(200)).kind).toBe('unknown');
    expect(process.cpuUsage(begin).user).toBeLessThan(1_000_000);
  });
});
