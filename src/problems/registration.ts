import { known } from '../problems.ts';

/** What a VM needs from its cluster and the cluster lacks. */
export const registrationProblems = {
  identitySecretMissing: known('identity-secret-missing', (d: { secret: string; key: string }) => ({
    message: `Secret ${d.secret} with the key ${d.key} does not exist, so the VM would have no identity.`,
    hint: 'Create the service account; the CA of a classic mesh then creates the Secret. Check with: kubectl get secrets',
  })),
  certsNeedClassic: known('certs-need-classic', (d: { cluster: string }) => ({
    message: `The mesh of ${d.cluster} is run by istiod, which signs the key that a VM makes itself: there is no certificate to write.`,
    hint: 'Write the files of a VM with its token: meshx generate-cluster-env --workload-group NAME --token',
  })),
  meshServiceUnknown: known('mesh-service-unknown', (d: { service: string; cluster: string; reason: string }) => ({
    message: `--mesh-service: Service ${d.service} of ${d.cluster}: ${d.reason}.`,
    hint: 'Give an existing service with its namespace and port: --mesh-service NAME.NAMESPACE:PORT',
  })),
};
