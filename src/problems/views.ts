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
      hint: `Give it ports on the nodes: kubectl patch service ${d.ref.name} -n ${d.ref.namespace ?? 'default'} -p '{"spec":{"type":"NodePort"}}'; or list a free address of the nodes' network in spec.externalIPs; or forward a port of this machine with: meshx forward gateway --listen 127.0.0.1:8080`,
    }),
  ),
  interfaceUnknown: known('interface-unknown', (d: { name: string; known: readonly string[] }) => ({
    message: `This machine has no interface ${JSON.stringify(d.name)} with an address. It has: ${d.known.join(', ')}.`,
    hint: 'Name one of them, or take the one that leads to the cluster with --address auto',
  })),
  portInUse: known('port-in-use', (d: { at: string }) => ({
    message: `Another program listens on ${d.at}.`,
    hint: 'Choose another port, or find that program with: ss -ltnp',
  })),
  addressNotHere: known('address-not-here', (d: { address: string }) => ({
    message: `${d.address} is not an address of this machine.`,
    hint: 'List them with: ip address; or take the one that leads to the cluster with --address auto',
  })),
  portNotAllowed: known('port-not-allowed', (d: { at: string }) => ({
    message: `This user may not listen on ${d.at}.`,
    hint: 'Choose a port above 1023',
  })),
  forwardNeedsCluster: known('forward-needs-cluster', (d: { cluster: string }) => ({
    message: `${d.cluster} is a folder of manifests, and has no pods to forward to.`,
    hint: 'Name a live cluster with --context',
  })),
  forwardNoPod: known(
    'forward-no-pod',
    (d: { service: string; seconds: number; ref: { readonly name: string; readonly namespace?: string } }) => ({
      message: `No pod of ${d.service} became ready within ${d.seconds} s.`,
      hint: `See why: kubectl describe pods -n ${d.ref.namespace ?? 'default'}`,
    }),
  ),
  podPortUnknown: known('pod-port-unknown', (d: { pod: string; port: string }) => ({
    message: `No container of ${d.pod} names a port ${JSON.stringify(d.port)}.`,
    hint: "Correct the Service's targetPort, or choose another port with --port-name",
  })),
  dashboardMissing: known('dashboard-missing', (d: { name: string; service: string }) => ({
    message: `${d.service} does not exist: ${d.name} is not installed.`,
    hint: `Install it from the directory of an Istio release: kubectl apply -f samples/addons/${d.name}.yaml`,
  })),
  dashboardNeedsChannel: known('dashboard-needs-channel', (d: { vm: string; port: number }) => ({
    message: `${d.vm} is reached by the system's ssh, through which meshx opens no connections of its own.`,
    hint: `Forward the port with: ssh -N -L ${d.port}:127.0.0.1:${d.port} ${d.vm}`,
  })),
};
