import { rootBundle } from '../../mesh/current/root-bundle.ts';
import { spiffeId } from '../../mesh/spiffe.ts';
import type { Resource, Step } from '../../reconcile/resource.ts';
import type { CurrentVmInput } from '../input.ts';
import { PLACES, PROXY } from '../places.ts';
import { proxyDirectory, proxyFile, rootDirectory } from '../wants.ts';

/** The mesh's root certificate, and the token for the sidecar's first certificate. */
export function identityStep(input: CurrentVmInput): Step {
  return {
    id: 'identity',
    title: 'Deliver the identity',
    // 0600: pilot-agent rewrites the file with this mode.
    wants: [proxyFile(PLACES.rootCert, rootBundle(input.cluster.rootCert), '0600'), ...token(input)],
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
