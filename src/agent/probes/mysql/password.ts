import { constants, createHash, createPublicKey, publicEncrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure } from '../attempt.ts';
import { plain } from '../reason.ts';

/**
 * Returns the answer to a nonce, empty for an empty password. Both methods send a hash that is good for this nonce only: "Native
 * Authentication" and "Caching_sha2_password" of the MySQL source documentation. Throws a Failure for any other plugin: some of
 * them would send the password as it is.
 */
export function scrambled(plugin: string, password: string, nonce: Buffer): Buffer {
  if (plugin !== 'mysql_native_password' && plugin !== 'caching_sha2_password')
    throw new Failure(`the server asks for the authentication plugin ${plain(plugin, 40)}, which is not supported`);
  if (password === '') return Buffer.alloc(0);
  const isNative = plugin === 'mysql_native_password';
  const hash = (...parts: readonly (Buffer | string)[]): Buffer => {
    const digest = createHash(isNative ? 'sha1' : 'sha256');
    for (const part of parts) digest.update(part);
    return digest.digest();
  };
  const once = hash(password);
  return xor(once, isNative ? hash(nonce, hash(once)) : hash(hash(once), nonce));
}

/** The password under the server's RSA key, which is read from a file: a key that the connection brings could be anyone's. */
export async function encrypted(password: string, nonce: Buffer, keyFile: string): Promise<Buffer> {
  const text = Buffer.from(`${password}\0`);
  try {
    const key = createPublicKey(await readFile(keyFile));
    return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING }, xor(text, nonce));
  } catch (cause) {
    throw new Failure(`cannot use the public key ${keyFile}`, { cause });
  }
}

function xor(bytes: Buffer, key: Buffer): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ (key[index % key.length] ?? 0)));
}
