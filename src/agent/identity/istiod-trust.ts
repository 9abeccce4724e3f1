import { connect } from 'node:tls';
import { errorCode, errorText } from '../../cluster/api/foreign-error.ts';
import { certificatesIn } from '../../mesh/current/root-bundle.ts';
import { withTimeLimit } from '../../time-limit.ts';

/** Whether the roots vouch for the certificate of istiod; `reason`: it cannot be determined. */
export type IstiodTrust = 'trusted' | 'untrusted' | { readonly reason: string };

export interface IstiodTrustInput {
  /** HOST:PORT. */
  readonly istiod: string;
  /** PEM. */
  readonly roots: string;
  readonly signal: AbortSignal;
}

const LIMIT_MS = 5000;

/** Codes of OpenSSL for a chain that ends in no root: X509_STORE_CTX_get_error(3). */
const UNTRUSTED: ReadonlySet<string> = new Set([
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'SELF_SIGNED_CERT_IN_CHAIN'],
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_SIGNATURE_FAILURE'],
  ...['CERT_UNTRUSTED', 'INVALID_CA'],
]);

/** Makes a TLS handshake with istiod, as pilot-agent does, and closes the connection. Never throws. */
export async function istiodTrust({ istiod, roots, signal }: IstiodTrustInput): Promise<IstiodTrust> {
  const [, host = '', port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(istiod)?.filter(Boolean) ?? [];
  if (port === '') return { reason: 'the address of istiod is not HOST:PORT' };
  // Without any, Node.js would trust the roots of the web.
  if (certificatesIn(roots).length === 0) return 'untrusted';
  try {
    await withTimeLimit(LIMIT_MS, signal, (until) => handshake({ host, port: Number(port), ca: roots }, until));
    return 'trusted';
  } catch (error) {
    if (UNTRUSTED.has(String(errorCode(error)))) return 'untrusted';
    return { reason: errorText(error) || String(errorCode(error)) };
  }
}

interface Server {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}

function handshake({ host, port, ca }: Server, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // Set explicitly: NODE_TLS_REJECT_UNAUTHORIZED must not decide.
    const options = { host, port, ca, servername: host, rejectUnauthorized: true, ALPNProtocols: ['h2'] };
    const socket = connect(options, () => {
      socket.destroy();
      resolve();
    });
    signal.addEventListener('abort', () => socket.destroy(signal.reason as Error), { once: true });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('istiod closed the connection')));
  });
}
