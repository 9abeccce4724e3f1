import { spiffeId } from '../../mesh/spiffe.ts';
import type { Resource, Step } from '../../reconcile/resource.ts';
import type { CurrentVmInput } from '../input.ts';
import { PLACES, PROXY } from '../places.ts';
import { proxyDirectory, proxyFile, rootDirectory } from '../wants.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The mesh's root certificate, and the token for the sidecar's first certificate. */
export function identityStep(input: CurrentVmInput): Step {
  return {
    id: 'identity',
    title: 'Deliver the identity',
    // 0600: pilot-agent rewrites the file with this mode.
    wants: [proxyFile(PLACES.rootCert, rootCertFile(input.cluster.rootCert), '0600'), ...token(input)],
  };
}

/** An image gets no token: it lives ten minutes, and all copies would be the same machine. */
function token({ image, cluster, workload, tokenSecret = 'istio-token' }: CurrentVmInput): readonly Resource[] {
  if (image) return [];
  return [
    rootDirectory('/run/secrets'),
    proxyDirectory('/run/secrets/tokens', '0700'),
    {
      kind: 'token',
      path: PLACES.token,
      secret: tokenSecret,
      owner: PROXY,
      mode: '0600',
      certificate: PLACES.certChain,
      key: PLACES.key,
      identity: spiffeId(cluster.trustDomain, workload.namespace, workload.serviceAccount),
    },
  ];
}

/**
 * root-cert.pem as pilot-agent rewrites it after the CA's first answer (mergeConfigTrustBundle, Istio 1.29): each certificate once,
 * sorted, without a newline at the end. Another order would be a difference in each later plan.
 */
function rootCertFile(pem: string): string {
  return [...new Set(pem.replaceAll('\r', '').match(CERTIFICATE) ?? [pem.trim()])].sort().join('\n');
}
