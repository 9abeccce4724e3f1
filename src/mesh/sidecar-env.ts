import { meshProblems } from '../problems/mesh.ts';
import { isAgentKey } from './agent-keys.ts';
import { checked, ENV_KEY } from './env-value.ts';

/** Keys that Istio's packages of both generations document in sidecar.env. */
export const DOCUMENTED_KEYS: ReadonlySet<string> = new Set([
  ...['ISTIO_SERVICE_CIDR', 'ISTIO_SERVICE', 'ISTIO_NAMESPACE', 'ISTIO_SVC_IP', 'ISTIO_PILOT_PORT', 'ISTIO_CP_AUTH'],
  ...['ISTIO_INBOUND_PORTS', 'ISTIO_INBOUND_EXCLUDE_PORTS', 'ISTIO_INBOUND_INTERCEPTION_MODE'],
  ...['ISTIO_INBOUND_TPROXY_MARK', 'ISTIO_INBOUND_TPROXY_ROUTE_TABLE', 'ISTIO_CUSTOM_IP_TABLES'],
  ...['ENVOY_PORT', 'ENVOY_USER', 'ISTIO_AGENT_FLAGS', 'ISTIO_DEBUG', 'ISTIO_LOG_DIR', 'ISTIO_BIN_BASE', 'ISTIO_CFG'],
  ...['PROV_CERT', 'OUTPUT_CERTS', 'CA_ADDR', 'ISTIO_CA'],
]);

/** Keys that are read but not documented in sidecar.env. */
const READ_KEYS: ReadonlySet<string> = new Set([
  ...['ISTIO_LOCAL_EXCLUDE_PORTS', 'ISTIO_SERVICE_EXCLUDE_CIDR', 'ISTIO_OUTBOUND_PORTS'],
  ...[
    'ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE',
    'ISTIO_EXCLUDE_INTERFACES',
    'KUBE_VIRT_INTERFACES',
    'ISTIO_SYSTEM_NAMESPACE',
  ],
  ...[
    'POD_NAME',
    'POD_NAMESPACE',
    'INSTANCE_IP',
    'SERVICE_ACCOUNT',
    'TRUST_DOMAIN',
    'PILOT_ADDRESS',
    'CITADEL_ADDRESS',
  ],
  ...['CERTS_DIR', 'EXEC_USER', 'INBOUND_CAPTURE_PORT', 'DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK', 'PROXY_CONFIG'],
  ...['ISTIO_SIDECAR_CONFIG', 'ISTIO_CLUSTER_CONFIG', 'PROXY_UID', 'PROXY_GID', 'CAPTURE_ALL_DNS', 'REDIRECT_DNS'],
  ...['NATIVE_NFTABLES', 'FORCE_IPTABLES_BINARY', 'RECONCILE', 'DUAL_STACK', 'ISTIO_DUAL_STACK', 'CLOUD_PLATFORM'],
  ...['CA_PROVIDER', 'XDS_ROOT_CA', 'CA_ROOT_CA', 'ISTIOD_SAN', 'SECRET_TTL', 'JWT_POLICY', 'FILE_MOUNTED_CERTS'],
  ...['DNS_PROXY_ADDR', 'DNS_FORWARD_PARALLEL', 'DNS_FORWARD_TIMEOUT', 'ISTIO_BOOTSTRAP', 'ISTIO_BOOTSTRAP_OVERRIDE'],
  ...['ENVOY_STATUS_PORT', 'ENVOY_PROMETHEUS_PORT', 'ISTIO_CPU_LIMIT', 'MINIMUM_DRAIN_DURATION', 'ISTIO_DELTA_XDS'],
  ...['EXIT_ON_ZERO_ACTIVE_CONNECTIONS', 'REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION', 'DROP_INVALID', 'INVALID_DROP'],
  ...['CREDENTIAL_FETCHER_TYPE', 'TOKEN_AUDIENCES', 'SECRET_GRACE_PERIOD_RATIO', 'GRPC_KEEPALIVE_INTERVAL'],
  ...['CONTROL_PLANE_AUTH_POLICY'],
]);

/** The registration that `configure` writes. */
export interface SidecarWant {
  readonly service: string;
  readonly namespace: string;
  readonly ports: readonly number[];
}

/** The three keys of a service, in the order of Istio's walkthrough. */
export function sidecarKeys({ service, namespace, ports }: SidecarWant): Readonly<Record<string, string>> {
  return { ISTIO_INBOUND_PORTS: ports.join(','), ISTIO_SERVICE: service, ISTIO_NAMESPACE: namespace };
}

/**
 * One value in a form that a POSIX shell and systemd read alike. Throws `env-value-unsafe` for line breaks, quotes, and
 * backslashes, which older systemd treats as escapes even in single quotes.
 */
export function formatSidecarValue(key: string, value: string): string {
  if (/^[\w@%+=:,./*-]*$/.test(checked(key, value))) return value;
  if (/['"\\]/.test(value)) throw meshProblems.unsafeValue({ key, value, why: 'it holds a quote or a backslash' });
  if (!/^[\x20-\x7e]*$/.test(value)) throw meshProblems.unsafeValue({ key, value, why: 'it is not plain ASCII' });
  return `'${value}'`;
}

/** Whether any program reads this key of sidecar.env. */
export function isKnownKey(key: string): boolean {
  const free = key.startsWith('MESHX_') || isAgentKey(key);
  return ENV_KEY.test(key) && (free || DOCUMENTED_KEYS.has(key) || READ_KEYS.has(key));
}

/** `; perhaps KEY is meant` for a misspelt key, else nothing. */
export function nearest(key: string): string {
  const words = (name: string) => name.split('_').sort().join('_');
  const other = [...DOCUMENTED_KEYS, ...READ_KEYS].find(
    (known) => words(known) === words(key) || known.replace('ISTIO_', '') === key,
  );
  return other ? `; perhaps ${other} is meant` : '';
}
