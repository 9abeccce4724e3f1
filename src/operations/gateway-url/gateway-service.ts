import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { serviceRef } from '../../cluster/api/refs.ts';
import type { KubeObject, ObjectRef } from '../../mesh/kube-object.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { viewProblems } from '../../problems/views.ts';

/** Which Service is meant. */
export interface WantedService {
  /** A gateway's when absent. */
  readonly service?: string;
  /** That of the Service, or of the gateway. */
  readonly namespace?: string;
  readonly istioNamespace: string;
}

/** The names that istioctl, Helm and classic Istio give the gateway of a mesh. */
const GATEWAYS = ['istio-ingressgateway', 'istio-ingress'] as const;

/** The Service of the wanted name, or of the mesh's gateway. Throws `gateway-missing`. */
export async function findGatewayService(
  kube: Kubernetes,
  wanted: WantedService,
  signal: AbortSignal,
): Promise<KubeObject> {
  const refs = candidates(wanted, kube.namespace ?? 'default');
  for (const ref of refs) {
    const service = await kube.get(ref, signal);
    if (service !== undefined) return service;
  }
  throw viewProblems.gatewayMissing({
    cluster: kube.name,
    services: refs.map(showRef),
    given: wanted.service !== undefined,
  });
}

function candidates({ service, namespace, istioNamespace }: WantedService, own: string): readonly ObjectRef[] {
  if (service !== undefined) return [serviceRef(namespace ?? own, service)];
  // Helm's chart has a namespace of its own.
  const namespaces = namespace === undefined ? [istioNamespace, 'istio-ingress'] : [namespace];
  return namespaces.flatMap((each) => GATEWAYS.map((name) => serviceRef(each, name)));
}
