import { vmSecrets } from '../../cluster/registration/vm-secrets.ts';
import { detectGeneration } from '../../cluster/facts/detect-generation.ts';
import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { VmFile } from '../../mesh/vm-file.ts';
import { registrationProblems } from '../../problems/registration.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';

/** Whose certificate it is. */
export interface CertsOptions {
  readonly cluster: ClusterOptions;
  readonly serviceAccount: string;
  readonly namespace: string | undefined;
}

/** The node agent reads the chain and starts, so the key is before it. */
const FILES = ['root-cert.pem', 'key.pem', 'cert-chain.pem'];

/**
 * Root, key and certificate of an account, as the CA of a classic mesh keeps them in a Secret. Only reads. Throws
 * `certs-need-classic`, `identity-secret-missing`.
 */
export async function generateCerts(world: World, options: CertsOptions): Promise<readonly VmFile[]> {
  const { kube, namespace, facts } = await openCluster(world, options.cluster, options.namespace);
  const { serviceAccount } = options;
  const mesh = meshGeneration(await detectGeneration(kube, { ...facts, signal: world.signal }));
  if (mesh.hasGroups) throw registrationProblems.certsNeedClassic({ cluster: kube.name });
  const { secret } = vmSecrets(kube, { namespace, serviceAccount });
  return await Promise.all(
    FILES.map(async (name): Promise<VmFile> => {
      const text = await secret(name, world.signal);
      return { name, text, place: `/etc/certs/${name}`, owner: 'istio-proxy', mode: '0600' };
    }),
  );
}
