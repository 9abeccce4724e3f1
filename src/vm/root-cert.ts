const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * root-cert.pem as pilot-agent writes it back after its first answer from the CA: each certificate once, sorted, without a
 * newline at the end. Another order would look like a change made by somebody else (mergeConfigTrustBundle, Istio 1.29).
 */
export function rootCertFile(pem: string): string {
  return [...new Set(pem.replaceAll('\r', '').match(CERTIFICATE) ?? [pem.trim()])].sort().join('\n');
}
