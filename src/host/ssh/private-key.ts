import { createPrivateKey } from 'node:crypto';
import { errorText } from '../foreign-error.ts';
import { type ParsedKey, parseKey } from './ssh2.ts';

/** A key, or why it cannot be read. */
export type ReadKey =
  | { readonly kind: 'key'; readonly key: ParsedKey }
  | { readonly kind: 'locked' }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Parses a private or public key. Never throws. `locked`: it needs a passphrase, or a different one. */
export function readKey(text: string | Buffer, passphrase?: string): ReadKey {
  const isPkcs8 = /-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(text.toString());
  const readable = isPkcs8 ? fromPkcs8(text.toString(), passphrase) : text;
  if (readable === undefined) return { kind: 'locked' };
  const found: unknown = parseKey(readable, passphrase);
  // Some formats may contain more than one key; ssh2 returns a list for them.
  const key: unknown = Array.isArray(found) ? found[0] : found;
  if (isKey(key)) return { kind: 'key', key };
  const reason = errorText(key);
  return /encrypted|passphrase/i.test(reason) ? { kind: 'locked' } : { kind: 'unusable', reason };
}

export const isKey = (key: unknown): key is ParsedKey =>
  typeof key === 'object' && key !== null && 'getPublicSSH' in key;

/** ssh2 does not read PKCS #8, which `openssl` and `ssh-keygen -m PKCS8` write. undefined: the passphrase is missing or wrong. */
function fromPkcs8(text: string, passphrase: string | undefined): string | undefined {
  try {
    const key = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
    const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : key.asymmetricKeyType === 'ec' ? 'sec1' : undefined;
    return type === undefined ? '' : key.export({ type, format: 'pem' }).toString();
  } catch {
    // It needs a passphrase, or it is damaged.
    return text.includes('ENCRYPTED') ? undefined : '';
  }
}
