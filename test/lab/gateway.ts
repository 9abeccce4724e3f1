import { type Lab, type Proxy, startProxy } from './proxy.ts';
import type { Manifest } from './cluster.ts';

/** The east-west gateway as a real Envoy: istiod behind it on 15012, TLS passed through. */
export async function startGateway(lab: Lab, ip: string): Promise<void> {
  const labels = { istio: 'eastwestgateway' };
  const proxy: Proxy = { name: 'gateway', ip, namespace: 'istio-system', labels, role: 'router' };
  await lab.mesh.apply(objects(labels, ip));
  const ref = { namespace: 'istio-system', name: 'istio-eastwestgateway' };
  await lab.mesh.patchStatus('service', ref, { loadBalancer: { ingress: [{ ip }] } });
  await startProxy(lab, proxy);
}

/** Those of an installation, and the endpoints that a controller would keep. */
function objects(labels: Readonly<Record<string, string>>, ip: string): readonly Manifest[] {
  const member = { 'lab.meshx.test/member': 'gateway' };
  const metadata = (name: string) => ({ name, namespace: 'istio-system', labels: member });
  const destination = { host: 'istiod.istio-system.svc.cluster.local', port: { number: 15012 } };
  const server = {
    port: { name: 'tls-istiod', number: 15012, protocol: 'TLS' },
    tls: { mode: 'PASSTHROUGH' },
    hosts: ['*'],
  };
  const ports = [
    { name: 'status-port', port: 15021 },
    { name: 'tls-istiod', port: 15012 },
  ];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata('istio-eastwestgateway'), labels: { ...member, ...labels } },
      spec: { type: 'LoadBalancer', selector: labels, ports },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        ...metadata('istio-eastwestgateway-lab'),
        labels: { ...member, 'kubernetes.io/service-name': 'istio-eastwestgateway' },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: [ip], conditions: { ready: true } }],
      ports: ports.map((port) => ({ ...port, protocol: 'TCP' })),
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: metadata('istiod-gateway'),
      spec: { selector: labels, servers: [server] },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: metadata('istiod-vs'),
      spec: {
        hosts: ['*'],
        gateways: ['istiod-gateway'],
        tls: [{ match: [{ port: 15012, sniHosts: ['*'] }], route: [{ destination }] }],
      },
    },
  ];
}
