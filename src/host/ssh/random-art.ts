import { createHash } from 'node:crypto';
import { keyType } from './fingerprint.ts';

/** The field of OpenSSH's picture (sshkey.c, fingerprint_randomart). */
const [WIDTH, HEIGHT] = [17, 9];
/** How often a field was visited; the last two are the start and the end. */
const MARKS = ' .o+=*BOX@%&#/^SE';

/**
 * The picture of a public key's blob that `ssh-keygen -lv` prints, as lines. A bishop walks over the field from its middle, by two bits of
 * the SHA-256 at a time ("drunken bishop").
 */
export function randomArt(key: Buffer): readonly string[] {
  const visits = walk(createHash('sha256').update(key).digest());
  const rows = Array.from({ length: HEIGHT }, (_row, y) =>
    Array.from({ length: WIDTH }, (_column, x) => MARKS[visits[y * WIDTH + x] ?? 0]).join(''),
  );
  return [border(title(key)), ...rows.map((row) => `|${row}|`), border('[SHA256]')];
}

function walk(digest: Buffer): readonly number[] {
  const visits = Array.from({ length: WIDTH * HEIGHT }, () => 0);
  let [x, y] = [(WIDTH - 1) / 2, (HEIGHT - 1) / 2];
  for (const byte of digest)
    for (let bits = byte, step = 0; step < 4; step += 1, bits >>= 2) {
      x = Math.min(WIDTH - 1, Math.max(0, x + ((bits & 1) === 1 ? 1 : -1)));
      y = Math.min(HEIGHT - 1, Math.max(0, y + ((bits & 2) === 2 ? 1 : -1)));
      const at = y * WIDTH + x;
      visits[at] = Math.min((visits[at] ?? 0) + 1, MARKS.length - 3);
    }
  visits[((HEIGHT - 1) / 2) * WIDTH + (WIDTH - 1) / 2] = MARKS.length - 2;
  visits[y * WIDTH + x] = MARKS.length - 1;
  return visits;
}

/** The type comes from the server: one that is too long is cut. */
function border(words: string): string {
  const text = words.slice(0, WIDTH);
  const before = Math.floor((WIDTH - text.length) / 2);
  return `+${'-'.repeat(before)}${text}${'-'.repeat(WIDTH - text.length - before)}+`;
}

function title(key: Buffer): string {
  const bits = keyBits(key);
  const full = `[${keyName(key)} ${bits}]`;
  return full.length <= WIDTH ? full : `[${keyName(key)}]`;
}

const NAMES: readonly (readonly [form: RegExp, name: string])[] = [
  [/^ssh-ed25519/, 'ED25519'],
  [/^ecdsa-/, 'ECDSA'],
  [/^sk-ssh-ed25519/, 'ED25519-SK'],
  [/^sk-ecdsa-/, 'ECDSA-SK'],
  [/^ssh-dss/, 'DSA'],
  [/^ssh-rsa/, 'RSA'],
];

/** `ED25519` for a blob of ssh-ed25519, as OpenSSH names a type to people. */
export function keyName(key: Buffer): string {
  const type = keyType(key);
  return NAMES.find(([form]) => form.test(type))?.[1] ?? type;
}

/** The size of the key: of the modulus for RSA (RFC 4253 6.6), else of the curve. */
function keyBits(key: Buffer): number {
  const curve = /nistp(\d+)/.exec(keyType(key))?.[1];
  if (curve !== undefined) return Number(curve);
  if (keyType(key) !== 'ssh-rsa') return 256;
  const modulus = fieldOf(key, 2);
  const first = modulus.findIndex((byte) => byte !== 0);
  const top = modulus[first] ?? 0;
  return first < 0 ? 0 : (modulus.length - first - 1) * 8 + (32 - Math.clz32(top));
}

/** A length and so many bytes, several times. */
function fieldOf(key: Buffer, index: number): Buffer {
  let at = 0;
  for (let passed = 0; passed < index && at + 4 <= key.length; passed += 1) at += 4 + key.readUInt32BE(at);
  return at + 4 <= key.length ? key.subarray(at + 4, at + 4 + key.readUInt32BE(at)) : Buffer.alloc(0);
}
