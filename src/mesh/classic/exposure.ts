import type { ClassicRelease } from '../cluster-facts.ts';
import { MANAGED_BY, type KubeObject } from '../kube-object.ts';
import { INTERNAL, type Provider } from '../exposure.ts';

export interface ClassicExposure {
  readonly release: ClassicRelease;
  readonly istioNamespace: string;
  readonly provider: Provider;
  /** Ports of the Pilot Service as it runs; the release's own when there is none. */
  readonly pilotPorts: readonly { readonly name: string; readonly port: number }[];
  /** A second DNS load balancer for TCP: few providers serve both protocols with one. */
  readonly dnsTcp?: boolean;
}

interface ClassicPort {
  readonly name?: string;
  readonly port: number;
  readonly protocol?: 'UDP';
}

/** Ports by which VMs talk to Pilot: REST and gRPC, each in plaintext and with mTLS. */
const PILOT_PORTS: ReadonlySet<number> = new Set([8080, 15003, 15005, 15007, 15010, 15011, 15012]);

const RELEASE_PILOT_PORTS: Readonly<Record<ClassicRelease, readonly ClassicPort[]>> = {
  '0.2': [{ port: 8080 }],
  '0.4': [
    { name: 'https-pilot', port: 15003 },
    { name: 'http-pilot', port: 8080 },
  ],
  '0.8': grpcPorts(),
  '1.0': grpcPorts(),
  '1.5': grpcPorts(),
};

function grpcPorts(): readonly ClassicPort[] {
  return [
    { name: 'https-pilot', port: 15005 },
    { name: 'http-pilot', port: 8080 },
    { name: 'grpc-pilot', port: 15010 },
    { name: 'tls-grpc-pilot', port: 15011 },
  ];
}

/** The internal load balancers of a classic mesh: Pilot, Mixer, CA, and the cluster's DNS in kube-system. */
export function classicExposure(wanted: ClassicExposure): readonly KubeObject[] {
  const { release, istioNamespace: namespace } = wanted;
  const mixer = release === '0.2' ? 9091 : 15004;
  const early = release === '0.2' || release === '0.4';
  const telemetry = early ? {} : { 'istio-mixer-type': 'telemetry' };
  const ca = early
    ? { name: 'istio-ca-ilb', selector: { istio: 'istio-ca' } }
    : { name: 'citadel-ilb', selector: { istio: 'citadel' } };
  const withMixerAndCa = [
    balancer(wanted, {
      name: 'mixer-ilb',
      namespace,
      selector: { istio: 'mixer', ...telemetry },
      ports: [{ port: mixer }],
    }),
    balancer(wanted, { ...ca, namespace, ports: [{ port: 8060 }] }),
  ];
  return [
    balancer(wanted, { name: 'istio-pilot-ilb', namespace, selector: { istio: 'pilot' }, ports: pilotPorts(wanted) }),
    ...dnsBalancers(wanted),
    ...(release === '1.5' ? [] : withMixerAndCa),
  ];
}

/** The load balancer of the cluster's DNS, for either generation. */
export function dnsBalancers(wanted: Pick<ClassicExposure, 'provider' | 'dnsTcp'>): readonly KubeObject[] {
  const place = { namespace: 'kube-system', selector: { 'k8s-app': 'kube-dns' } };
  const udp = balancer(wanted, { ...place, name: 'dns-ilb', ports: [{ port: 53, protocol: 'UDP' }] });
  return wanted.dnsTcp ? [udp, balancer(wanted, { ...place, name: 'dns-ilb-tcp', ports: [{ port: 53 }] })] : [udp];
}

/** The running Pilot decides. VMs need none of its other ports (monitoring, admission). */
function pilotPorts(wanted: ClassicExposure): readonly ClassicPort[] {
  const running = wanted.pilotPorts.filter(({ port }) => PILOT_PORTS.has(port));
  if (running.length === 0) return RELEASE_PILOT_PORTS[wanted.release];
  // A Service with one port needs no port name.
  return running.map(({ name, port }) => (running.length === 1 || name === '' ? { port } : { name, port }));
}

interface Balancer {
  readonly name: string;
  readonly namespace: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly ClassicPort[];
}

function balancer({ provider }: { readonly provider: Provider }, wanted: Balancer): KubeObject {
  const { name, namespace, selector, ports } = wanted;
  const [[key, value] = ['', '']] = Object.entries(selector);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { ...MANAGED_BY, [key]: value }, annotations: INTERNAL[provider] },
    spec: {
      type: 'LoadBalancer',
      selector,
      ports: ports.map(({ name: portName, port, protocol = 'TCP' }) => ({
        ...(portName === undefined ? {} : { name: portName }),
        port,
        protocol,
      })),
    },
  };
}
