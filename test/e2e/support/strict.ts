import type { Lab } from '../../lab/lab.ts';

/** A namespace in which every port asks for mutual TLS. */
export async function makeStrictNamespace(lab: Lab, name: string): Promise<void> {
  await lab.mesh.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'PeerAuthentication',
      metadata: { name: 'strict', namespace: name },
      spec: { mtls: { mode: 'STRICT' } },
    },
  ]);
}
