import { X509Certificate } from 'node:crypto';
import type { Kind, SecretForm } from '../kind.ts';
import { shellFile } from '../../text-files.ts';

/** A secret that is delivered only while the machine has no valid certificate: a token, or certificate and key themselves. */
export interface TokenWant {
  readonly kind: 'token';
  readonly path: string;
  /** Name of the token in `Sources`. */
  readonly secret: string;
  /** `token` when absent. */
  readonly form?: SecretForm;
  /** `user` or `user:group`. */
  readonly owner: string;
  readonly mode: string;
  /** Path of the certificate chain on the machine. */
  readonly certificate: string;
  /** Path of its private key, whose existence is tested; never read. */
  readonly key: string;
  /** URI in the certificate: `spiffe://cluster.local/ns/vm/sa/default`. */
  readonly identity: string;
}

export const WRITE = shellFile(new URL('./token-write.root.sh', import.meta.url));

/** Seconds that a certificate must still live: one that ends while the sidecar starts is as good as none. */
const LEAST_LIFE = 60;

/** Nothing in an image: secrets are delivered to the booted machine. */
export const token: Kind<TokenWant> = {
  id: (want) => `token:${want.path}`,
  probe: (want) => ({ name: 'token', args: [want.certificate, want.key] }),
  touches: (want) => ({ paths: [want.path] }),

  changes(want, answer) {
    if (answer.stdout.startsWith('image') || hasCertificate(answer.stdout, want.identity)) return [];
    const { path, secret, form = 'token', owner, mode } = want;
    const script = { ...WRITE, args: [owner, mode, path, form] };
    const summary = form === 'token' ? `deliver a token to ${path}` : `deliver ${path}`;
    return [{ summary, scripts: [{ script, source: { secret, form } }] }];
  },
};

/** Whether the first certificate behind the clock's line is valid by that clock and names the identity. */
function hasCertificate(text: string, identity: string): boolean {
  const [clock = '', ...lines] = text.split('\n');
  const now = Number(clock);
  const certificate = parseCertificate(lines.join('\n'));
  if (!certificate) return false;
  const from = Date.parse(certificate.validFrom) / 1000;
  const to = Date.parse(certificate.validTo) / 1000;
  const names = (certificate.subjectAltName ?? '').split(', ');
  return from <= now && now + LEAST_LIFE < to && names.includes(`URI:${identity}`);
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    // Without a certificate in the file a token is needed, and the sidecar replaces the file.
    return undefined;
  }
}
