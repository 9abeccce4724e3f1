import { createHash } from 'node:crypto';
import { hostProblems } from '../../problems/host.ts';

/** `SHA256:…` of a public key's blob, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** A given fingerprint, without padding. Throws a Problem for anything else, also for MD5. */
export function parseFingerprint(text: string): string {
  const trimmed = text.trim().replace(/=+$/, '');
  if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(trimmed)) throw hostProblems.fingerprintInvalid({ fingerprint: text });
  return trimmed;
}

/** The type in a public key's blob (RFC 4253 6.6); empty if the blob is too short. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const length = key.readUInt32BE(0);
  return length <= 64 && key.length >= 4 + length ? key.toString('latin1', 4, 4 + length) : '';
}
