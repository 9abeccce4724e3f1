import { parseIp } from '../address.ts';
import { serviceHost } from '../service-host.ts';

/** What the gateway model of 1.1 to 1.4 writes into /etc/hosts. */
export interface ClassicGateway {
  /** Address of the ingress gateway with the expansion ports. */
  readonly address: string;
  readonly istioNamespace: string;
  readonly clusterDomain: string;
  /** Services that programs on the VM call: without a cluster DNS each needs a line. */
  readonly services: readonly { readonly name: string; readonly namespace: string; readonly clusterIp: string }[];
}

/** The lines for /etc/hosts: the control plane behind the gateway, then each needed service with its cluster IP. */
export function classicHosts({ address, istioNamespace, clusterDomain, services }: ClassicGateway): string {
  const lines = services.map(
    ({ name, namespace, clusterIp }) => `${parseIp(clusterIp)} ${serviceHost(name, namespace, clusterDomain)}`,
  );
  const gateway = `${parseIp(address)} istio-citadel istio-pilot istio-pilot.${istioNamespace}`;
  return `${[gateway, ...lines].join('\n')}\n`;
}
