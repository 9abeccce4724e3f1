import { constants, createHash, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { mysqlGreeting, packet, resultSet } from './conversations.ts';
import { ask, listen } from './server.ts';

const PASSWORD = 'correct horse';
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

const sha = (name: 'sha1' | 'sha256', ...parts: readonly (Buffer | string)[]): Buffer => {
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const xor = (one: Buffer, other: Buffer) =>
  Buffer.from(one.map((byte, index) => byte ^ (other[index % other.length] ?? 0)));

/** Checks an answer as a server does, which stores only the hash of the hash. */
function isRight(plugin: string, answer: Buffer, nonce: Buffer): boolean {
  const name = plugin === 'mysql_native_password' ? 'sha1' : 'sha256';
  const stored = sha(name, sha(name, PASSWORD));
  const key = name === 'sha1' ? sha(name, nonce, stored) : sha(name, stored, nonce);
  return sha(name, xor(answer, key)).equals(stored);
}

/** HandshakeResponse41: 32 bytes, the user and a zero byte, the length of the answer and the answer. */
function answerOf(payload: Buffer): Buffer {
  const at = payload.indexOf(0, 32) + 1;
  return payload.subarray(at + 1, at + 1 + (payload[at] ?? 0));
}

/** A server with one account: its cache is empty if `full`. */
function account(plugin: string, { full = false } = {}) {
  return (socket: Socket): void => {
    const nonce = Buffer.from(randomBytes(20).map((byte) => byte % 127 || 1));
    const ok = (sequence: number) => packet(sequence, 0, 0, 0, 2, 0, 0, 0);
    const denied = (sequence: number) => packet(sequence, 0xff, Buffer.from([0x15, 0x04]), '#28000Access denied');
    const judged = (isGood: boolean, sequence: number) => (isGood ? ok(sequence) : denied(sequence));
    const steps = [
      (payload: Buffer) => {
        const isGood = isRight(plugin, answerOf(payload), nonce);
        if (full) return packet(2, 1, 4);
        return plugin === 'caching_sha2_password' && isGood
          ? Buffer.concat([packet(2, 1, 3), ok(3)])
          : judged(isGood, 2);
      },
      ...(full
        ? [
            (payload: Buffer) => {
              const padding = constants.RSA_PKCS1_OAEP_PADDING;
              const text = xor(privateDecrypt({ key: pair.privateKey, padding }, payload), nonce);
              return judged(text.equals(Buffer.from(`${PASSWORD}\0`)), 4);
            },
          ]
        : []),
      () => resultSet('read_only', '0'),
    ];
    socket.write(mysqlGreeting(nonce, plugin));
    socket.on('data', (chunk: Buffer) => socket.write(steps.shift()?.(chunk.subarray(4)) ?? ''));
  };
}

async function login(serve: (socket: Socket) => void, password: string, more = {}) {
  await using server = await listen(serve);
  const method = { port: server.port, user: 'probe', credential: 'secret', ...more };
  return await ask({ mysql: method }, { credential: () => Promise.resolve(password) });
}

test.each(['mysql_native_password', 'caching_sha2_password'])('%s lets in the right password alone', async (plugin) => {
  for (let run = 0; run < 10; run += 1)
    expect(await login(account(plugin), PASSWORD)).toMatchObject({ outcome: 'ok', reason: 'primary' });
  const refused = { outcome: 'failed', reason: 'error 1045: Access denied' };
  expect(await login(account(plugin), 'wrong')).toMatchObject(refused);
  expect(await login(account(plugin), '')).toMatchObject(refused);
});

test('full authentication sends the password under the key in the file, and to no one else', async () => {
  const folder = temporaryFolder();
  const publicKey = join(folder, 'public.pem');
  await writeFile(publicKey, pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const full = account('caching_sha2_password', { full: true });
  expect(await login(full, PASSWORD, { publicKey })).toMatchObject({ outcome: 'ok' });
  expect(await login(full, 'wrong', { publicKey })).toMatchObject({
    outcome: 'failed',
    reason: 'error 1045: Access denied',
  });
  expect(await login(full, PASSWORD)).toMatchObject({ reason: expect.stringContaining('set tls with verification') });
  const absent = join(folder, 'absent.pem');
  expect(await login(full, PASSWORD, { publicKey: absent })).toMatchObject({
    reason: `cannot use the public key ${absent}`,
  });
});

test('an address that MySQL counts gets a whole handshake, by a user that no one is', async () => {
  const users: string[] = [];
  await using server = await listen((socket) => {
    socket.write(mysqlGreeting(Buffer.alloc(20, 1), 'caching_sha2_password'));
    socket.on('data', (chunk: Buffer) => {
      users.push(chunk.toString('latin1', 36, chunk.indexOf(0, 36)));
      socket.write(packet(2, 0xff, Buffer.from([0x15, 0x04]), '#28000Access denied'));
    });
  });
  const greets = { outcome: 'ok', reason: 'greets, version 8.0.42' };
  expect(await ask({ mysql: { port: server.port } }, { address: '::ffff:127.0.0.1' })).toMatchObject(greets);
  expect(await ask({ mysql: { port: server.port } })).toMatchObject(greets);
  expect(users).toEqual(['meshx-probe']);
});

test('a credential that cannot be read is named, and nothing of its error is shown', async () => {
  const credential = () => Promise.reject(new Error(`${PASSWORD} is in /run/credentials`));
  const result = await ask({ mysql: { port: 9, user: 'probe', credential: 'db-password' } }, { credential });
  expect(result).toEqual({ outcome: 'failed', reason: 'cannot read credential db-password' });
});
