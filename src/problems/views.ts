import { known } from '../problems.ts';

/** What stops a view of the mesh: URLs of gateways, dashboards, forwards. */
export const viewProblems = {
  gatewayMissing: known('gateway-missing', (d: { cluster: string; services: readonly string[]; given: boolean }) => ({
    message: `${d.cluster} has no ${d.services.join(', ')}.`,
    hint: d.given
      ? 'Find it with: kubectl get services -A'
      : 'Name the Service of the gateway with --service NAME -n NAMESPACE; find it with: kubectl get services -A',
  })),
  gatewayPortUnknown: known('gateway-port-unknown', (d: { service: string; ports: readonly string[] }) => ({
    message: `${d.service} has no such port. It has: ${d.ports.length === 0 ? 'none' : d.ports.join(', ')}.`,
    hint: 'Name one with --port-name',
  })),
  gatewayNotReachable: known(
    'gateway-not-reachable',
    (d: { service: string; why: string; ref: { readonly name: string; readonly namespace?: string } }) => ({
      message: `Nothing outside the cluster reaches ${d.service}: ${d.why}.`,
      hint: `Give it ports on the nodes: kubectl patch service ${d.ref.name} -n ${d.ref.namespace ?? 'default'} -p '{"spec":{"type":"NodePort"}}'; or list a free address of the nodes' network in spec.externalIPs`,
    }),
  ),
};
