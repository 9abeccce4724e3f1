import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Parts } from './build/all.ts';
import type { Cluster, Manifest } from './cluster.ts';
import { must, run } from './command.ts';
import { namespace } from './istiod.ts';
import { type Names, namespaceOf } from './names.ts';
import { address, attach, detach, resolveNames } from './network.ts';
import type { Processes } from './processes.ts';
import { waitFor } from './wait.ts';

/** Runs as this user, without a name on the machine, as a sidecar does in a container. */
const PROXY_USER = 1337;

export interface Lab {
  readonly names: Names;
  readonly parts: Parts;
  readonly processes: Processes;
  readonly mesh: Cluster;
}

export interface Proxy {
  readonly name: string;
  readonly ip: string;
  /** Kubernetes namespace. */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly role: 'sidecar' | 'router';
}

/** Namespace, service account and Pod, with the status that a kubelet would write. */
async function makePod(lab: Lab, proxy: Proxy): Promise<void> {
  const metadata = { name: proxy.name, namespace: proxy.namespace };
  const names = proxy.role === 'sidecar' ? ['c', 'istio-proxy'] : ['istio-proxy'];
  const containers = names.map((name) => ({ name, image: 'x' }));
  const spec = { serviceAccountName: proxy.name, nodeName: 'n1', containers };
  await lab.mesh.apply([
    namespace(proxy.namespace),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, labels: memberLabel(proxy) } },
    // The injector's label: without it clients send plain text to the pod.
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...metadata, labels: { ...proxy.labels, ...tlsMode(proxy), ...memberLabel(proxy) } },
      spec,
    },
  ]);
  const ready = { type: 'Ready', status: 'True' };
  const status = { phase: 'Running', podIP: proxy.ip, podIPs: [{ ip: proxy.ip }], conditions: [ready] };
  await lab.mesh.patchStatus('pod', metadata, status);
}

/** pilot-agent and Envoy in a namespace of their own; capture for a sidecar. Returns when the proxy is ready. */
export async function startProxy(lab: Lab, proxy: Proxy): Promise<void> {
  const ns = namespaceOf(lab.names, proxy.name);
  const folder = join(lab.names.run, 'proxies', proxy.name);
  await attach(lab.names, proxy);
  await resolveNames(ns, [`127.0.1.1 ${proxy.name}`, `${address.hub} istiod.istio-system.svc`]);
  await makePod(lab, proxy);
  await writeIdentity(lab, proxy, folder);
  if (proxy.role === 'sidecar') await capture(lab, ns);
  const agent = [
    join(lab.parts.istio, 'pilot-agent'),
    'proxy',
    proxy.role,
    '--domain',
    `${proxy.namespace}.svc.cluster.local`,
  ];
  const user = ['setpriv', `--reuid=${PROXY_USER}`, `--regid=${PROXY_USER}`, '--clear-groups', 'env', '-i'];
  const argv = [...user, ...environment(lab, proxy), ...agent];
  // Envoy opens /dev/stdout a second time for its access log, so the log must be its user's own file.
  await writeFile(lab.processes.logOf(proxy.name), '');
  await must(['chown', '-R', String(PROXY_USER), folder, lab.processes.logOf(proxy.name)]);
  await lab.processes.start(proxy.name, { argv, cwd: folder, namespace: ns });
  const ask = ['ip', 'netns', 'exec', ns, 'curl', '-sf', '--max-time', '2', 'http://localhost:15021/healthz/ready'];
  await lab.processes.answers(proxy.name, `the proxy of ${proxy.name}`, async () => (await run(ask)).exitCode === 0);
}

async function writeIdentity(lab: Lab, proxy: Proxy, folder: string): Promise<void> {
  const inNamespace = ['-n', proxy.namespace];
  const token = await lab.mesh.kubectl([...inNamespace, 'create', 'token', proxy.name, '--audience', 'istio-ca']);
  const read = async (): Promise<string | false> => (await lab.mesh.rootCertificates(proxy.namespace)) || false;
  const rootCert = await waitFor(`istio-ca-root-cert in ${proxy.namespace}`, read);
  const secrets = join(folder, 'var/run/secrets');
  for (const part of ['tokens', 'istio', 'workload-spiffe-uds', 'workload-spiffe-credentials'])
    await mkdir(join(secrets, part), { recursive: true });
  for (const part of ['proxy', 'pod']) await mkdir(join(folder, 'etc/istio', part), { recursive: true });
  await writeFile(join(secrets, 'tokens/istio-token'), token.trim(), { mode: 0o600 });
  await writeFile(join(secrets, 'istio/root-cert.pem'), rootCert);
}

async function capture(lab: Lab, ns: string): Promise<void> {
  const user = String(PROXY_USER);
  const ports = ['-p', '15001', '-z', '15006', '-u', user, '-g', user, '-d', '15090,15021,15020'];
  const argv = [
    join(lab.parts.istio, 'pilot-agent'),
    'istio-iptables',
    ...ports,
    '-m',
    'REDIRECT',
    '-i',
    '*',
    '-x',
    '',
    '-b',
    '*',
  ];
  await must(['ip', 'netns', 'exec', ns, 'env', 'ISTIO_META_DNS_CAPTURE=true', ...argv]);
}

function environment(lab: Lab, proxy: Proxy): readonly string[] {
  const istiod = 'istiod.istio-system.svc:15012';
  const paths = `binaryPath: ${join(lab.parts.envoy, 'envoy')}, configPath: ./etc/istio/proxy`;
  const values = {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    POD_NAME: proxy.name,
    POD_NAMESPACE: proxy.namespace,
    INSTANCE_IP: proxy.ip,
    SERVICE_ACCOUNT: proxy.name,
    ISTIO_META_CLUSTER_ID: 'Kubernetes',
    ISTIO_META_DNS_CAPTURE: 'true',
    ISTIO_METAJSON_LABELS: JSON.stringify({ ...proxy.labels, ...tlsMode(proxy) }),
    TRUST_DOMAIN: 'cluster.local',
    CA_ADDR: istiod,
    CLOUD_PLATFORM: 'none',
    ISTIO_BOOTSTRAP: join(lab.parts.istio, 'envoy_bootstrap.json'),
    ENVOY_SKIP_DEPRECATED_LOGS: 'false',
    PROXY_CONFIG: `{discoveryAddress: ${istiod}, ${paths}, statusPort: 15020}`,
  };
  return Object.entries(values).map(([key, value]) => `${key}=${value}`);
}

function memberLabel(proxy: Proxy): Readonly<Record<string, string>> {
  return { 'lab.meshx.test/member': proxy.name };
}

function tlsMode(proxy: Proxy): Readonly<Record<string, string>> {
  return proxy.role === 'sidecar' ? { 'security.istio.io/tlsMode': 'istio' } : {};
}

/** Ends a member's programs and removes its namespace and what the lab wrote for it into the cluster. */
export async function removeMember(lab: Lab, member: string): Promise<void> {
  for (const program of [`http-${member}`, member]) await lab.processes.kill(program);
  await detach(namespaceOf(lab.names, member));
  const own = ['-A', '-l', `lab.meshx.test/member=${member}`];
  await lab.mesh.kubectl([
    'delete',
    'pods,services,endpointslices,serviceaccounts,gateways.networking.istio.io,virtualservices.networking.istio.io',
    ...own,
    '--force',
    '--grace-period=0',
    '--wait=false',
  ]);
}

/** A Service with the endpoints that a controller would keep, for a pod that is named like it. */
export function podService(
  pod: Proxy,
  service: { port: number; protocol: string; clusterIP?: string },
): readonly Manifest[] {
  const metadata = { name: pod.name, namespace: pod.namespace, labels: memberLabel(pod) };
  const port = { name: service.protocol, port: service.port, protocol: 'TCP' };
  const cluster = service.clusterIP === undefined ? {} : { clusterIP: service.clusterIP };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { ...cluster, selector: pod.labels, ports: [{ ...port, targetPort: service.port }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        ...metadata,
        name: `${pod.name}-lab`,
        labels: { ...memberLabel(pod), 'kubernetes.io/service-name': pod.name },
      },
      addressType: 'IPv4',
      endpoints: [
        {
          addresses: [pod.ip],
          conditions: { ready: true },
          targetRef: { kind: 'Pod', name: pod.name, namespace: pod.namespace },
        },
      ],
      ports: [port],
    },
  ];
}
