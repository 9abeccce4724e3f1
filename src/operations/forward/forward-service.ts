import { reachOf } from '../../cluster/facts/load-balancer.ts';
import { revisionSuffix, serviceRef } from '../../cluster/api/refs.ts';
import { gatewayPort } from '../../mesh/gateway-port.ts';
import { refOf, showRef } from '../../mesh/kube-object.ts';
import { present } from '../../present.ts';
import { viewProblems } from '../../problems/views.ts';
import type { World } from '../../world.ts';
import { type ClusterOptions, openCluster } from '../connection/cluster.ts';
import { findGatewayService } from '../gateway-url/gateway-service.ts';
import { type Forward, forward } from './forward.ts';
import { openPods } from './pod-target.ts';

/** istiod's port for proxies with TLS. */
const ISTIOD_PORT = 15012;

export interface ForwardOptions {
  readonly cluster: ClusterOptions;
  readonly target: 'gateway' | 'istiod';
  /** Another Service than the ingress gateway. */
  readonly service?: string;
  readonly namespace?: string;
  /** Name or number of the Service's port. */
  readonly portName?: string;
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** Forwards a gateway's or istiod's port until the run is stopped. Throws Problems of `gatewayUrl` and `forward`. */
export async function forwardService(
  world: World,
  options: ForwardOptions,
  started: (forward: Forward) => void,
): Promise<void> {
  const { cluster, target, service: name, namespace, address, port, timeoutMs } = options;
  const { kube, facts } = await openCluster(world, cluster, namespace ?? cluster.facts.istioNamespace);
  const { istioNamespace } = facts;
  const istiod = serviceRef(istioNamespace, `istiod${revisionSuffix(facts.revision)}`);
  const wanted =
    target === 'istiod' ? { service: istiod.name, namespace: istioNamespace } : { service: name, namespace };
  const service = await findGatewayService(kube, { istioNamespace, ...present(wanted) }, world.signal);
  const { ports } = reachOf(service);
  const isIstiod = target === 'istiod';
  const chosen = gatewayPort(ports, present({ wanted: isIstiod ? String(ISTIOD_PORT) : options.portName }));
  const what = showRef(refOf(service));
  if (chosen === undefined)
    throw viewProblems.gatewayPortUnknown({ service: what, ports: ports.map(({ port: number }) => String(number)) });
  const pods = { service, port: chosen.port.targetPort ?? chosen.port.port };
  const { open } = await openPods(kube, pods, { ...world, timeoutMs });
  const http = isIstiod ? undefined : { scheme: chosen.scheme, path: '' };
  await forward(world, { what, address, port, otherPort: false, open, ...present({ http }) }, started);
}
