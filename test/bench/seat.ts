import { makeStrictNamespace } from '../e2e/support/strict.ts';
import type { Bench } from './bench.ts';

/** A namespace in which one side works, the same for all: STRICT unless asked otherwise. */
export async function makeSeat(
  { lab }: Bench,
  namespace: string,
  mode: 'STRICT' | 'PERMISSIVE' = 'STRICT',
): Promise<void> {
  if (mode === 'STRICT') await makeStrictNamespace(lab, namespace);
  else await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
  const ask = ['-n', namespace, 'get', 'configmap', 'istio-ca-root-cert'];
  await lab.waitFor(`the root certificate in ${namespace}`, async () => (await lab.mesh.try(ask)).exitCode === 0);
}

/** Takes away what a join made in the namespace; the policy stays. */
export async function clearSeat({ lab }: Bench, namespace: string): Promise<void> {
  const kinds = 'workloadgroups,workloadentries,serviceentries,sidecars,services,serviceaccounts';
  await lab.kubectl(['-n', namespace, 'delete', kinds, '--all', '--wait=false', '--ignore-not-found']);
}
