import pLimit from 'p-limit';
import { readCertificates } from '../../checks/vm/certificates.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { tryJson } from '../../documents/json.ts';
import { list, mapping, text } from '../../mesh/unknown.ts';
import { Problem } from '../../problems.ts';
import { readEnvoyPages } from '../../vm/envoy-pages.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';
import type { UiVm } from './ui-state.ts';

/** VMs that are asked at the same time. */
const AT_ONCE = 4;

/** When the sidecar's certificate of each VM ends, asked over SSH by the name of the VM. By NAMESPACE/NAME. */
export async function certificateEnds(
  world: World,
  machine: MachineOptions,
  vms: readonly Pick<UiVm, 'id' | 'name'>[],
): Promise<ReadonlyMap<string, UiVm['certificate']>> {
  const limit = pLimit(AT_ONCE);
  const ends = vms.map(({ id, name }) => limit(async () => [id, await endOf(world, machine, name)] as const));
  return new Map(await Promise.all(ends));
}

async function endOf(world: World, machine: MachineOptions, vm: string): Promise<UiVm['certificate']> {
  try {
    await using host = await openMachine({ ...world, note: () => undefined }, machine, vm);
    const [page = ''] = await readEnvoyPages(host, ['certs'], { signal: world.signal });
    const until = endOfChain(page);
    return until === undefined ? { unknown: 'the sidecar has no certificate' } : { until };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { unknown: error.message };
  }
}

/** The first end of a certificate that Envoy uses: `/certs` of its admin interface (envoy.admin.v3.Certificates). */
export function endOfChain(json: string): string | undefined {
  const chains = list(mapping(tryJson(json))['certificates']).flatMap((each) => list(mapping(each)['cert_chain']));
  return chains
    .flatMap((each) => text(mapping(each)['expiration_time']) ?? [])
    .sort()
    .at(0);
}

/** The first end of a root of the mesh; undefined where the roots cannot be read. */
export async function rootEnd(kube: Kubernetes, namespace: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'istio-ca-root-cert' };
    const pem = text(mapping((await kube.get(ref, signal))?.['data'])['root-cert.pem']) ?? '';
    const ends = readCertificates(pem).map(({ validTo }) => new Date(validTo).toISOString());
    return ends.sort().at(0);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return undefined;
  }
}
