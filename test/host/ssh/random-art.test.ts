import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from '../../../src/host/ssh/fingerprint.ts';
import { randomArt } from '../../../src/host/ssh/random-art.ts';
import { keyPair } from '../../support/ssh-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ED25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAIGjYp8mGvkZ0D9bVvDc8pQkqDyaCtnk0rlLvRoSdfl5f';

test('an ed25519 key has its picture, of equal lines', () => {
  const art = randomArt(Buffer.from(ED25519, 'base64'));
  expect(art[0]).toBe('+--[ED25519 256]--+');
  expect(art.at(-1)).toBe('+----[SHA256]-----+');
  expect(new Set(art.map((line) => line.length))).toEqual(new Set([19]));
  expect(art).toHaveLength(11);
  expect(art.join('').match(/S/g)).toHaveLength(2);
});

test('a server that names a type too long for the picture gets one all the same', () => {
  const type = 'a-type-of-a-hostile-server@with.a.long.name';
  const blob = Buffer.concat([Buffer.from([0, 0, 0, type.length]), Buffer.from(type), Buffer.alloc(32)]);
  expect(new Set(randomArt(blob).map((line) => line.length))).toEqual(new Set([19]));
});

const hasKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;

(hasKeygen ? test : test.skip)('the pictures of keys of all types are those of ssh-keygen -lv', () => {
  const keys = [
    ...Array.from({ length: 60 }, () => keyPair('ed25519')),
    ...Array.from({ length: 4 }, () => keyPair('ecdsa')),
    keyPair('rsa'),
  ];
  const file = join(temporaryFolder(), 'keys');
  writeFileSync(file, keys.map(({ publicLine }) => `${publicLine}\n`).join(''));
  const printed = execFileSync('ssh-keygen', ['-lvf', file], { encoding: 'utf8' }).trimEnd().split('\n');
  const shown = keys.map(({ blob }, index) => ({ art: randomArt(blob), line: printed[index * 12] }));
  expect(shown.flatMap(({ art, line }) => [line, ...art])).toEqual(printed);
  expect(shown.filter(({ line }, index) => !line?.includes(fingerprint(keys[index]!.blob)))).toEqual([]);
});

test('a blob that is no key has a picture, too', () => {
  for (const blob of [Buffer.alloc(0), Buffer.from('0000'), Buffer.from('00000007' + '7373682d727361', 'hex')])
    expect(randomArt(blob)).toHaveLength(11);
});
