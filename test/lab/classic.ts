import { join } from 'node:path';
import type { Parts } from './build/all.ts';
import type { Cluster, Manifest } from './cluster.ts';
import { run } from './command.ts';
import { namespace } from './istiod.ts';
import type { Names } from './names.ts';
import { address } from './network.ts';
import type { Processes } from './processes.ts';

interface Lab {
  readonly names: Names;
  readonly parts: Parts;
  readonly processes: Processes;
  readonly classic: Cluster;
}

/**
 * A cluster as Istio 0.2 left it, on an API server of its own (its namespace istio-system is not the mesh's): the
 * Services of the four load balancers with their addresses, a real CoreDNS as cluster DNS on 10.150.0.7, and a stand-in
 * for Pilot that answers its registration query from the Endpoints of this API server.
 */
export async function startClassic(lab: Lab): Promise<void> {
  await lab.classic.start();
  await lab.classic.apply([namespace('istio-system'), namespace('kube-system'), namespace('default')]);
  // Addresses that are asked for come first: the API server gives the others any that is free.
  const [asked, given] = [
    SERVICES.filter(({ clusterIP }) => clusterIP),
    SERVICES.filter(({ clusterIP }) => !clusterIP),
  ];
  await lab.classic.apply([...asked, ...given].map(service));
  for (const { name, namespace: ns, ip } of SERVICES) {
    if (ip) await lab.classic.patchStatus('service', { name, namespace: ns }, { loadBalancer: { ingress: [{ ip }] } });
  }
  await lab.classic.apply([pilotEndpoints]);
  await startPilot(lab);
}

interface Service {
  readonly name: string;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly (readonly [name: string, port: number, protocol?: 'UDP'])[];
  /** Load balancer's address; the Service is of type ClusterIP without one. */
  readonly ip?: string;
  readonly clusterIP?: string;
}

const istio = (name: string) => ({ istio: name });
const MIXER_PORTS = [
  ...([
    ['tcp', 9091],
    ['http-health', 9093],
    ['mixer', 9094],
    ['prom', 9102],
  ] as const),
  ...([
    ['statsd-udp', 9125, 'UDP'],
    ['prometheus', 42422],
  ] as const),
];

/** The Services of a classic control plane, with their cluster addresses. */
const SERVICES: readonly Service[] = [
  {
    name: 'istio-pilot-ilb',
    namespace: 'istio-system',
    selector: istio('pilot'),
    ports: [['http', 8080]],
    ip: address.pilot,
  },
  {
    name: 'mixer-ilb',
    namespace: 'istio-system',
    selector: istio('mixer'),
    ports: [['mixer', 9091]],
    ip: address.mixer,
  },
  {
    name: 'istio-ca-ilb',
    namespace: 'istio-system',
    selector: istio('istio-ca'),
    ports: [['ca', 8060]],
    ip: address.ca,
  },
  {
    name: 'dns-ilb',
    namespace: 'kube-system',
    selector: { 'k8s-app': 'kube-dns' },
    ports: [['dns', 53, 'UDP']],
    ip: address.dns,
  },
  { name: 'istio-egress', namespace: 'istio-system', selector: istio('egress'), ports: [['http', 80]] },
  { name: 'istio-mixer', namespace: 'istio-system', selector: istio('mixer'), ports: MIXER_PORTS },
  {
    name: 'istio-ingress',
    namespace: 'istio-system',
    selector: istio('ingress'),
    ports: [
      ['http', 80],
      ['https', 443],
    ],
    ip: '35.197.249.113',
    clusterIP: '10.63.243.30',
  },
  {
    name: 'istio-pilot',
    namespace: 'istio-system',
    selector: istio('pilot'),
    ports: [
      ['http-discovery', 8080],
      ['http-admission-webhook', 443],
    ],
    clusterIP: '10.63.247.248',
  },
  {
    name: 'productpage',
    namespace: 'default',
    selector: { app: 'productpage' },
    ports: [['http', 9080]],
    clusterIP: '10.63.251.156',
  },
];

function service(wanted: Service): Manifest {
  const internal = { 'cloud.google.com/load-balancer-type': 'internal' };
  const annotations = wanted.ip?.startsWith('10.') ? { annotations: internal } : {};
  const ports = wanted.ports.map(([name, port, protocol]) => ({ name, port, protocol: protocol ?? 'TCP' }));
  const clusterIP = wanted.clusterIP === undefined ? {} : { clusterIP: wanted.clusterIP };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: wanted.name, namespace: wanted.namespace, labels: wanted.selector, ...annotations },
    spec: { type: wanted.ip ? 'LoadBalancer' : 'ClusterIP', selector: wanted.selector, ports, ...clusterIP },
  };
}

const pilotEndpoints: Manifest = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'istio-pilot', namespace: 'istio-system' },
  subsets: [
    { addresses: [{ ip: address.pilotPod }], ports: [{ name: 'http-discovery', port: 8080, protocol: 'TCP' }] },
  ],
};

async function startPilot(lab: Lab): Promise<void> {
  const program = join(lab.names.project, 'test/lab/programs/stand-in-pilot.py');
  const kubectl = [join(lab.parts.kubernetes, 'kubectl'), '--kubeconfig', lab.classic.kubeconfigOf('lab')];
  const argv = ['python3', program, `${address.pilot},${address.pilotPod}`, ...kubectl];
  await lab.processes.start('pilot', { argv, namespace: lab.names.hub });
  const query = `http://${address.pilot}:8080/v1/registration/istio-pilot.istio-system.svc.cluster.local%7Chttp-discovery`;
  const ask = ['ip', 'netns', 'exec', lab.names.hub, 'curl', '-sf', '--max-time', '5', query];
  const answers = async (): Promise<boolean> => (await run(ask)).stdout.includes(address.pilotPod);
  await lab.processes.answers('pilot', 'the stand-in Pilot', answers);
}
