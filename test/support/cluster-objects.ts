import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../src/mesh/kube-object.ts';

export interface TestCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A self-signed certificate, by default for 127.0.0.1, made by openssl for this run. */
export function selfSigned(name = 'meshx test', names = 'IP:127.0.0.1,DNS:localhost', days = 2): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'meshx-cert-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
    const limited = { stdio: 'pipe', timeout: 20_000 } as const;
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', String(days)];
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...subject], limited);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface ServiceWords {
  readonly namespace?: string;
  readonly type?: string;
  readonly clusterIp?: string;
  readonly ip?: string;
  readonly hostname?: string;
  readonly externalIps?: readonly string[];
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly Readonly<Record<string, unknown>>[];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A Service; with an address or a host name it is a load balancer that has one. */
export function aService(name: string, words: ServiceWords = {}): KubeObject {
  const { namespace = 'istio-system', ip, hostname, ports = [{ port: 80 }], labels, selector = { app: name } } = words;
  const ingress = ip !== undefined ? [{ ip }] : hostname !== undefined ? [{ hostname }] : [];
  const type = words.type ?? (ingress.length > 0 ? 'LoadBalancer' : 'ClusterIP');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, creationTimestamp: '2017-10-14T22:47:00Z', ...(labels && { labels }) },
    spec: {
      type,
      clusterIP: words.clusterIp ?? '10.63.241.10',
      selector,
      ports: ports.map((port) => ({ protocol: 'TCP', ...port })),
      ...(words.externalIps && { externalIPs: words.externalIps }),
    },
    status: { loadBalancer: ingress.length > 0 ? { ingress } : {} },
  };
}

/** A load balancer that waits for its address. */
export function aPendingService(name: string, words: ServiceWords = {}): KubeObject {
  return aService(name, { ...words, type: 'LoadBalancer' });
}

export function aConfigMap(namespace: string, name: string, data: Readonly<Record<string, string>>): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

export function aNamespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

const tcp = (port: number, nodePort?: number): Readonly<Record<string, unknown>> => ({
  port,
  ...(nodePort && { nodePort }),
});

/** The Services of the document's `kubectl -n istio-system get services`, and dns-ilb of kube-system. */
export function aClassicCluster(): readonly KubeObject[] {
  return [
    aNamespace('istio-system'),
    aService('istio-ca-ilb', { clusterIp: '10.47.245.69', ip: '10.150.0.9', ports: [tcp(8060, 32174)] }),
    aService('istio-egress', { clusterIp: '10.47.252.251', ports: [tcp(80)] }),
    aService('istio-ingress', {
      clusterIp: '10.47.254.41',
      ip: '35.197.249.113',
      ports: [
        { ...tcp(80, 31822), name: 'http' },
        { ...tcp(443, 30637), name: 'https' },
      ],
    }),
    aService('istio-mixer', {
      clusterIp: '10.47.244.179',
      ports: [9091, 9093, 9094, 9102, 9125, 42422].map((port) => ({
        ...tcp(port),
        name: `p${port}`,
        protocol: port === 9125 ? 'UDP' : 'TCP',
      })),
    }),
    aService('istio-pilot', {
      clusterIp: '10.47.241.19',
      ports: [
        { ...tcp(8080), name: 'http-discovery' },
        { ...tcp(443), name: 'http-admission-webhook' },
      ],
    }),
    aService('istio-pilot-ilb', { clusterIp: '10.47.243.136', ip: '10.150.0.6', ports: [tcp(8080, 30064)] }),
    aService('mixer-ilb', { clusterIp: '10.47.242.213', ip: '10.150.0.8', ports: [tcp(9091, 31278)] }),
    aService('dns-ilb', {
      namespace: 'kube-system',
      clusterIp: '10.47.240.200',
      ip: '10.150.0.7',
      ports: [{ port: 53, protocol: 'UDP', nodePort: 31053 }],
    }),
  ];
}

export interface CurrentWords {
  readonly mesh?: string;
  readonly values?: string;
  readonly rootCert: string;
  readonly revision?: string;
  readonly istioNamespace?: string;
}

/** The objects of an istiod installation that meshx reads, without a gateway. */
export function aCurrentCluster(words: CurrentWords): readonly KubeObject[] {
  const namespace = words.istioNamespace ?? 'istio-system';
  const suffix = words.revision === undefined ? '' : `-${words.revision}`;
  const mesh =
    words.mesh ?? 'trustDomain: cluster.local\ndefaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n';
  return [
    aNamespace(namespace),
    aService(`istiod${suffix}`, {
      namespace,
      selector: { app: 'istiod', istio: 'pilot' },
      ports: [
        { name: 'grpc-xds', port: 15010 },
        { name: 'https-dns', port: 15012 },
        { name: 'https-webhook', port: 443, targetPort: 15017 },
        { name: 'http-monitoring', port: 15014 },
      ],
    }),
    aConfigMap(namespace, `istio${suffix}`, { mesh }),
    aConfigMap(namespace, `istio-sidecar-injector${suffix}`, {
      values: words.values ?? '{"global":{"multiCluster":{"clusterName":""}}}',
    }),
    aConfigMap(namespace, 'istio-ca-root-cert', { 'root-cert.pem': words.rootCert }),
  ];
}

/** The east-west gateway's Service as Istio's samples make it. */
export function anEastWestGateway(words: ServiceWords = {}): KubeObject {
  const ports = [
    { name: 'status-port', port: 15021 },
    { name: 'tls', port: 15443 },
    { name: 'tls-istiod', port: 15012 },
    { name: 'tls-webhook', port: 15017 },
  ];
  return aService('istio-eastwestgateway', {
    ports,
    selector: { istio: 'eastwestgateway' },
    type: 'LoadBalancer',
    ...words,
  });
}
