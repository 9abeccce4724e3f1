const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates in a PEM text, each once, in their order, without carriage returns. They are texts: one that is empty or no base64 is
 * among them, and each caller decides what to do with one that cannot be read.
 */
export function certificatesIn(pem: string): readonly string[] {
  return [...new Set(pem.replaceAll('\r', '').match(CERTIFICATE) ?? [])];
}

/**
 * root-cert.pem as pilot-agent rewrites it after the CA's first answer (mergeConfigTrustBundle, Istio 1.29): each certificate once,
 * sorted, without a newline at the end. Another order would be a difference in each later plan.
 */
export function rootBundle(pem: string): string {
  const found = certificatesIn(pem);
  return found.length > 0 ? [...found].sort().join('\n') : pem.trim();
}
