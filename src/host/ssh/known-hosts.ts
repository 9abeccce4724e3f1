import { createHmac, timingSafeEqual } from 'node:crypto';
import { keyType } from './fingerprint.ts';
import { matchesPatterns } from './config/pattern.ts';

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker: '' | '@revoked' | '@cert-authority';
  /** Patterns with commas, or one hashed name: `|1|SALT|HASH`. */
  readonly names: string;
  readonly key: Buffer;
  /** File and line, for messages: `~/.ssh/known_hosts:3`. */
  readonly where: string;
}

/** `mismatch`: other keys are known for this host. `needs-cert-authority`: only a certificate can answer. */
export type Verdict =
  | { readonly kind: 'match' | 'revoked' | 'mismatch' | 'needs-cert-authority'; readonly where: string }
  | { readonly kind: 'unknown' };

/** Parses a file. As in OpenSSH, ignores comments, damaged lines and unknown markers. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index) => {
    const fields = line.trim().split(/[ \t]+/);
    const marker = fields[0]?.startsWith('@') ? fields.shift() : '';
    const [names, type, base64] = fields;
    if (marker !== '' && marker !== '@revoked' && marker !== '@cert-authority') return [];
    if (!names || names.startsWith('#') || !type || !base64) return [];
    const key = Buffer.from(base64, 'base64');
    return keyType(key) === type ? [{ marker, names, key, where: `${file}:${index + 1}` }] : [];
  });
}

/** A host's name in known_hosts: `name`, or `[name]:port` for a port other than 22. */
export function knownName(host: string, port: number): string {
  return (port === 22 ? host : `[${host}]:${port}`).toLowerCase();
}

/** A name as `HashKnownHosts` writes it. */
export function hashedName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function isNamed(entry: KnownHost, name: string): boolean {
  if (!entry.names.startsWith('|')) return matchesPatterns(entry.names.split(','), name);
  const [, version, salt, hash] = entry.names.split('|');
  if (version !== '1' || !salt || !hash) return false;
  const wanted = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest();
  const found = Buffer.from(hash, 'base64');
  return found.length === wanted.length && timingSafeEqual(found, wanted);
}

/** Judges a key that a host presented under a name. Pure. Revocation takes precedence. */
export function judge(known: readonly KnownHost[], name: string, key: Buffer): Verdict {
  const entries = known.filter((entry) => isNamed(entry, name));
  const same = (entry: KnownHost) => entry.key.equals(key);
  const revoked = entries.find((entry) => entry.marker === '@revoked' && same(entry));
  if (revoked) return { kind: 'revoked', where: revoked.where };
  const plain = entries.filter((entry) => entry.marker === '');
  const match = plain.find(same);
  if (match) return { kind: 'match', where: match.where };
  const authority = entries.find((entry) => entry.marker === '@cert-authority');
  if (authority) return { kind: 'needs-cert-authority', where: authority.where };
  // A host with a known key of another type is not unknown: "accept a new key" must not accept this key.
  const other = plain.find((entry) => keyType(entry.key) === keyType(key)) ?? plain[0];
  return other ? { kind: 'mismatch', where: other.where } : { kind: 'unknown' };
}

/** The types of a host's known keys, and its certificate authority if there is one. */
export function knownFor(known: readonly KnownHost[], name: string) {
  const entries = known.filter((entry) => isNamed(entry, name));
  const types = entries.filter((entry) => entry.marker === '').map((entry) => keyType(entry.key));
  return { types: [...new Set(types)], authority: entries.find((entry) => entry.marker === '@cert-authority') };
}

const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

/** A key of type ssh-rsa signs with SHA-2 (RFC 8332). */
const isOfType = (algorithm: string, type: string) =>
  type === 'ssh-rsa' ? algorithm.startsWith('rsa-') : algorithm === type;

/** Host key algorithms in order of preference: known types first, or a known host would look unknown. */
export function hostKeyAlgorithms(types: readonly string[]): readonly (typeof ALGORITHMS)[number][] {
  const known = ALGORITHMS.filter((algorithm) => types.some((type) => isOfType(algorithm, type)));
  return [...known, ...ALGORITHMS.filter((algorithm) => !known.includes(algorithm))];
}
