import { X509Certificate } from 'node:crypto';
import { certificatesIn } from '../../mesh/current/root-bundle.ts';

/** The certificates of a PEM text, in their order. What is no certificate is left out. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  return certificatesIn(pem).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** The first four bytes of the fingerprint, as in other findings about roots. */
export function shortOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.slice(0, 11);
}
