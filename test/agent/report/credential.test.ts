import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { renewalTime, tokenClaims, tokenFile, tokenRequest } from '../../../src/agent/report/credential.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { aToken, NOW } from './support.ts';

const TOKEN = aToken(NOW, 3600);

test('a token is written with mode 0600 whatever the umask, and nothing is left beside it', async () => {
  const folder = temporaryFolder();
  const before = process.umask(0);
  try {
    writeFileSync(join(folder, '.api-token.new'), 'of a run that died', { mode: 0o666 });
    const file = tokenFile(join(folder, 'api-token'));
    await file.write(TOKEN);
    expect(await file.read()).toBe(TOKEN);
  } finally {
    process.umask(before);
  }
  expect(statSync(join(folder, 'api-token')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['api-token']);
});

test('a token that cannot be written leaves the one before', async () => {
  const folder = temporaryFolder();
  const file = tokenFile(join(folder, 'api-token'));
  await file.write(TOKEN);
  mkdirSync(join(folder, '.api-token.new'));
  await expect(file.write(aToken(NOW, 60))).rejects.toThrow();
  expect(readFileSync(join(folder, 'api-token'), 'utf8').trim()).toBe(TOKEN);
});

test.each(['', 'junk', 'a.b', 'a.b.c\nEvil: header', `${'a'.repeat(5000)}.b.c`])('%j is no token', async (text) => {
  const path = join(temporaryFolder(), 'api-token');
  writeFileSync(path, text);
  await expect(tokenFile(path).read()).rejects.toThrow('no token');
  await expect(tokenFile(path).write(text)).rejects.toThrow('no token');
});

test('the claims of a token are read, and a text without them has none', () => {
  expect(tokenClaims(TOKEN)).toEqual({
    issued: NOW,
    expires: new Date(NOW.getTime() + 3_600_000),
    audiences: ['api'],
  });
  fc.assert(fc.property(fc.string(), (text) => expect(tokenClaims(text)).toBeUndefined()));
});

test('a token is renewed between 40 and 60 percent of its life', () => {
  const claims = { issued: NOW, expires: new Date(NOW.getTime() + 1000), audiences: [] };
  expect(renewalTime(claims, 0)).toEqual(new Date(NOW.getTime() + 400));
  expect(renewalTime(claims, 1)).toEqual(new Date(NOW.getTime() + 600));
});

test.each([
  [60, 600],
  [7200, 7200],
  [1_000_000, 604_800],
])('a token for %i seconds is renewed for %i', (seconds, expirationSeconds) => {
  const claims = tokenClaims(aToken(NOW, seconds));
  expect(claims && tokenRequest(claims)['spec']).toEqual({ audiences: ['api'], expirationSeconds });
});
