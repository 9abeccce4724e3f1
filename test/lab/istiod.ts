import { readFile, writeFile } from 'node:fs/promises';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Parts } from './build/all.ts';
import type { Cluster, Manifest } from './cluster.ts';
import { run } from './command.ts';
import type { Names } from './names.ts';
import { address } from './network.ts';
import type { Processes } from './processes.ts';

/** Istio's own access-log format with the client's SPIFFE identity at the end: mTLS can be read off the VM's log. */
const ACCESS_LOG_FORMAT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% ' +
  '%BYTES_SENT% %DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" ' +
  '"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME% %DOWNSTREAM_PEER_URI_SAN%\\n';

const MESH_CONFIG = JSON.stringify({
  trustDomain: 'cluster.local',
  accessLogFile: '/dev/stdout',
  accessLogEncoding: 'TEXT',
  accessLogFormat: ACCESS_LOG_FORMAT.replace('\\n', '\n'),
  defaultConfig: { discoveryAddress: 'istiod.istio-system.svc:15012' },
});

/** What a stock Envoy does not know is off, and nothing that needs a controller or a webhook is on. */
const ENVIRONMENT = {
  ENABLE_LEADER_ELECTION: 'false',
  INJECT_ENABLED: 'false',
  VALIDATION_WEBHOOK_CONFIG_NAME: '',
  INJECTION_WEBHOOK_CONFIG_NAME: '',
  PILOT_ENABLE_GATEWAY_API: 'false',
  POD_NAME: 'istiod-lab',
  POD_NAMESPACE: 'istio-system',
  CLUSTER_ID: 'Kubernetes',
  ENABLE_DEBUG_ENDPOINT_AUTH: 'false',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_DISABLE_MX_ALPN: 'true',
} as const;

const READY = { timeoutMs: 120_000 };

interface Lab {
  readonly names: Names;
  readonly parts: Parts;
  readonly processes: Processes;
  readonly mesh: Cluster;
}

/** Writes the objects that an installation of Istio leaves in a cluster. */
export async function installIstio(lab: Lab): Promise<void> {
  const crds = await readFile(join(lab.parts.istio, 'crds.yaml'), 'utf8');
  await lab.mesh.apply([namespace('istio-system')]);
  await lab.mesh.kubectl(['apply', '--server-side', '-f', '-'], crds);
  const values = JSON.stringify({ global: { multiCluster: { clusterName: '' } } });
  await lab.mesh.apply([
    configMap('istio', { mesh: MESH_CONFIG }),
    configMap('istio-sidecar-injector', { values }),
    ...istiodService(),
  ]);
}

export async function startIstiod(lab: Lab): Promise<void> {
  const folder = join(lab.names.run, 'istiod');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'mesh.yaml'), MESH_CONFIG);
  const listeners = [
    '--httpAddr',
    '127.0.0.1:8080',
    '--grpcAddr',
    '127.0.0.1:15010',
    '--secureGRPCAddr',
    `${address.hub}:15012`,
  ];
  const inner = ['--httpsAddr', '127.0.0.1:15017', '--monitoringAddr', '127.0.0.1:15014', '--ctrlz_port', '9876'];
  const config = ['--kubeconfig', lab.mesh.kubeconfigOf('istiod'), '--meshConfig', join(folder, 'mesh.yaml')];
  const argv = [join(lab.parts.istio, 'pilot-discovery'), 'discovery', ...config, ...listeners, ...inner];
  await lab.processes.start('istiod', { argv, cwd: folder, env: ENVIRONMENT, namespace: lab.names.hub });
  const ask = ['ip', 'netns', 'exec', lab.names.hub, 'curl', '-sf', '--max-time', '2', 'http://127.0.0.1:8080/ready'];
  await lab.processes.answers('istiod', 'istiod to be ready', async () => (await run(ask)).exitCode === 0, READY);
}

/**
 * Ports of a second istiod are those of the first, and this much more. All stay below 32768: from there on Linux gives
 * ports to connections, and hundreds of the API servers' connections to etcd start on the same address.
 */
const BESIDE: Readonly<Record<string, number>> = { 'istiod-ambient': 10_000, 'istiod-injector': 12_000 };
const AMBIENT_HTTP = '127.0.0.1:18080';

/** A second istiod on the same cluster, with ambient on: it shows what ambient clients get. No proxy connects to it. */
export async function startAmbientIstiod(lab: Lab): Promise<void> {
  await startSecondIstiod(lab, 'istiod-ambient', { PILOT_ENABLE_AMBIENT: 'true' });
}

/** A second istiod on the same cluster, with other features. Returns the port of its webhooks, on the hub's address. */
export async function startSecondIstiod(
  lab: Lab,
  name: string,
  features: Readonly<Record<string, string>>,
): Promise<number> {
  const folder = join(lab.names.run, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'mesh.yaml'), MESH_CONFIG);
  const at = (port: number): number => port + (BESIDE[name] ?? 0);
  const http = `127.0.0.1:${at(8080)}`;
  const ports = [
    ...['--httpAddr', http, '--grpcAddr', `127.0.0.1:${at(15_010)}`, '--secureGRPCAddr', `127.0.0.1:${at(15_012)}`],
    ...['--httpsAddr', `${address.hub}:${at(15_017)}`, '--monitoringAddr', `127.0.0.1:${at(15_014)}`],
    ...['--ctrlz_port', String(at(9876))],
  ];
  const config = ['--kubeconfig', lab.mesh.kubeconfigOf('istiod'), '--meshConfig', join(folder, 'mesh.yaml')];
  const argv = [join(lab.parts.istio, 'pilot-discovery'), 'discovery', ...config, ...ports];
  const env = { ...ENVIRONMENT, ...features, POD_NAME: name };
  await lab.processes.start(name, { argv, cwd: folder, env, namespace: lab.names.hub });
  const ask = ['ip', 'netns', 'exec', lab.names.hub, 'curl', '-sf', '--max-time', '2', `http://${http}/ready`];
  await lab.processes.answers(name, `${name} to be ready`, async () => (await run(ask)).exitCode === 0, READY);
  return at(15_017);
}

/** A workload as ambient clients get it; undefined when they do not. */
export async function ambientWorkload(
  lab: Lab,
  entry: { readonly namespace: string; readonly name: string },
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const url = `http://${AMBIENT_HTTP}/debug/ambientz`;
  const asked = await run(['ip', 'netns', 'exec', lab.names.hub, 'curl', '-sf', '--max-time', '5', url]);
  if (asked.exitCode !== 0) return undefined;
  const { workloads } = JSON.parse(asked.stdout) as {
    readonly workloads?: readonly Readonly<Record<string, unknown>>[];
  };
  return workloads?.find(({ namespace, name }) => namespace === entry.namespace && name === entry.name);
}

export function namespace(name: string): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function configMap(name: string, data: Readonly<Record<string, string>>): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'istio-system' }, data };
}

/** Service and endpoints of istiod as its chart and a controller would make them. */
function istiodService(): readonly Manifest[] {
  const ports = [
    { name: 'grpc-xds', port: 15010 },
    { name: 'https-dns', port: 15012 },
    { name: 'http-monitoring', port: 15014 },
  ];
  const labels = { app: 'istiod', istio: 'pilot' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'istiod', namespace: 'istio-system', labels },
      spec: { selector: labels, ports: [...ports, { name: 'https-webhook', port: 443, targetPort: 15017 }] },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'istiod-lab', namespace: 'istio-system', labels: { 'kubernetes.io/service-name': 'istiod' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address.hub], conditions: { ready: true } }],
      ports: [{ name: 'https-dns', port: 15012, protocol: 'TCP' }],
    },
  ];
}
