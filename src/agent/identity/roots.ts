import { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../../mesh/current/root-bundle.ts';

/** Roots of a mesh and intermediates of a chain: more is no answer of a mesh. */
const MOST = 32;
/** Of a chain of certificates. */
const DEEPEST = 8;

/** Which roots vouch for the certificate that istiod shows now: those on this machine, or else those of the API server. */
export type ServedBy = 'own' | 'offered' | 'neither';

export interface RootsFacts {
  readonly served: ServedBy;
  /** root-cert.pem of this machine. */
  readonly own: readonly X509Certificate[];
  /** Of the ConfigMap istio-ca-root-cert; empty if no API server gave it. */
  readonly offered: readonly X509Certificate[];
  /** The sidecar's certificate and its intermediates; empty if it has none. */
  readonly chain: readonly X509Certificate[];
}

/**
 * What to do about the roots of this machine:
 *
 * - `complete`: nothing.
 * - `awaits`: the mesh has a further root, and istiod does not use it yet. The sidecar gets it with its next certificate.
 * - `replace`: istiod uses a root that only the API server vouches for, and accepts the sidecar's certificate.
 * - `reissue`: the root of the sidecar's certificate is gone, so the sidecar needs another one by its token.
 * - `unknown`: nothing vouches for istiod.
 */
export type RootsVerdict = 'complete' | 'awaits' | 'replace' | 'reissue' | 'unknown';

/** Judges the roots. Pure. */
export function judgeRoots({ served, own, offered, chain }: RootsFacts): RootsVerdict {
  if (served === 'neither') return 'unknown';
  const isAccepted = chain.length === 0 || isIssuedBy(chain, served === 'own' ? own : offered);
  if (!isAccepted) return 'reissue';
  if (served === 'offered') return 'replace';
  const known = new Set(own.map(({ fingerprint256 }) => fingerprint256));
  return offered.every(({ fingerprint256 }) => known.has(fingerprint256)) ? 'complete' : 'awaits';
}

/** Whether a chain of signatures leads from the first certificate to one of the roots. Times are not judged. */
function isIssuedBy(chain: readonly X509Certificate[], roots: readonly X509Certificate[]): boolean {
  let [current] = chain;
  for (let depth = 0; current && depth < DEEPEST; depth++) {
    const isRoot = ({ fingerprint256 }: X509Certificate): boolean => fingerprint256 === current?.fingerprint256;
    if (roots.some((root) => isRoot(root) || isSignedBy(current, root))) return true;
    current = chain.find((other) => other !== current && isSignedBy(current, other));
  }
  return false;
}

function isSignedBy(certificate: X509Certificate | undefined, issuer: X509Certificate): boolean {
  return certificate !== undefined && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** The certificates of a PEM text. Throws for a text with one that cannot be read, or with too many. */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  const texts = certificatesIn(pem);
  if (texts.length > MOST) throw new RangeError(`more than ${MOST} certificates`);
  return texts.map((text) => new X509Certificate(text));
}
