import { addressesOf, parseSubsets } from '../../mesh/classic/subsets.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

export interface ClassicVm {
  /** For reports: a classic mesh has no groups. */
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly addresses: readonly string[];
  readonly signal: AbortSignal;
}

/** A VM of a classic mesh, with the services whose Endpoints hold one of its addresses. Only reads. */
export async function classicWorkload(kube: Kubernetes, vm: ClassicVm): Promise<Workload> {
  const { name, namespace, serviceAccount, addresses, signal } = vm;
  const endpoints = await kube.list({ apiVersion: 'v1', kind: 'Endpoints', namespace }, signal);
  const services = endpoints.flatMap((each) => {
    const holding = parseSubsets(each).filter((subset) => addressesOf([subset]).some((ip) => addresses.includes(ip)));
    const ports = holding.flatMap((subset) => subset.ports);
    return ports.length > 0 ? [{ name: each.metadata.name, ports }] : [];
  });
  return { group: name, namespace, serviceAccount, labels: {}, services };
}
