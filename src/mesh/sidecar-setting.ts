import { isForeignKey } from './agent-keys.ts';
import { isKnownKey, nearest } from './sidecar-env.ts';

/** What is wrong with a setting of sidecar.env on a VM with meshx's units. */
export interface SettingIssue {
  /** Without its subject: "the logs are always in /var/log/istio". */
  readonly reason: string;
  /** Capture or the sidecar would not start; otherwise the setting has no effect. */
  readonly stops: boolean;
}

/** Lists of ports. Only the first one accepts `*`. */
const PORT_LISTS = [
  'ISTIO_INBOUND_PORTS',
  'ISTIO_LOCAL_EXCLUDE_PORTS',
  'ISTIO_OUTBOUND_PORTS',
  'ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE',
];

const USER = 'the sidecar always runs as istio-proxy';
const PORTS = 'capture always redirects to the ports 15001 and 15006';
const TLS = 'istiod is always reached over mutual TLS';
const FILES = 'the settings are always read from /var/lib/istio/envoy';
const ISTIOD = 'the address of istiod is in CA_ADDR and in the mesh configuration';
const CLASSIC = 'only a classic mesh reads it';
const TPROXY = 'TPROXY is not supported';
const NOT_USED = 'capture does not use it';

/** Keys of Istio's start script or its tools that meshx's units do not read. */
const DEAD: Readonly<Record<string, string>> = {
  ISTIO_LOG_DIR: 'the logs are always in /var/log/istio',
  ISTIO_BIN_BASE: 'the programs are always in /usr/local/bin',
  ISTIO_CFG: 'the configuration is always in /var/lib/istio',
  ISTIO_CUSTOM_IP_TABLES: 'meshx-capture.service makes the rules; to go without them: meshx capture VM off',
  ISTIO_INBOUND_EXCLUDE_PORTS: 'nothing has ever read it; the key that works is ISTIO_LOCAL_EXCLUDE_PORTS',
  ...{ ISTIO_PILOT_PORT: ISTIOD, PILOT_ADDRESS: ISTIOD, ISTIO_SYSTEM_NAMESPACE: ISTIOD },
  ...{ ISTIO_CP_AUTH: TLS, CONTROL_PLANE_AUTH_POLICY: TLS },
  ...{ ENVOY_USER: USER, EXEC_USER: USER, PROXY_UID: USER, PROXY_GID: USER },
  ...{ ENVOY_PORT: PORTS, INBOUND_CAPTURE_PORT: PORTS },
  ...{ ISTIO_INBOUND_TPROXY_MARK: TPROXY, ISTIO_INBOUND_TPROXY_ROUTE_TABLE: TPROXY },
  ...{ ISTIO_SIDECAR_CONFIG: FILES, ISTIO_CLUSTER_CONFIG: FILES },
  ...{ DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: NOT_USED, RECONCILE: NOT_USED },
  ...{ ISTIO_CA: CLASSIC, CITADEL_ADDRESS: CLASSIC, CERTS_DIR: CLASSIC, ISTIO_DEBUG: CLASSIC },
};

/** Why no option or cluster may set this variable for a sidecar, whatever its value. */
export function keyIssue(key: string): string | undefined {
  if (isForeignKey(key)) return 'it steers the shell, the loader or the C library, not the sidecar';
  return isKnownKey(key) ? undefined : `it is no key that Istio documents or reads${nearest(key)}`;
}

/** Why a list of ports is invalid for iptables and the guard of SSH; undefined for other keys. */
export function portListIssue(key: string, value: string): string | undefined {
  if (!PORT_LISTS.includes(key) || value === '') return undefined;
  const star = key === 'ISTIO_INBOUND_PORTS';
  if (star && value === '*') return undefined;
  const ports = value.split(',');
  if (!ports.every((port) => /^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535))
    return `only numbers from 1 to 65535 with commas between${star ? ', or *,' : ''} are accepted`;
  return star && ports.includes('22') ? 'port 22 is that of SSH, and never captured' : undefined;
}

/** What is wrong with a setting for meshx's own units; undefined when it takes effect or its key is unknown. */
export function settingIssue(key: string, value: string): SettingIssue | undefined {
  const stops = portListIssue(key, value) ?? valueIssue(key, value);
  if (stops !== undefined) return { reason: stops, stops: true };
  const dead = DEAD[key] ?? (isForeignKey(key) ? keyIssue(key) : undefined);
  return dead === undefined ? undefined : { reason: dead, stops: false };
}

function valueIssue(key: string, value: string): string | undefined {
  const only: Readonly<Record<string, readonly [RegExp, string]>> = {
    ISTIO_INBOUND_INTERCEPTION_MODE: [/^(REDIRECT)?$/, 'only REDIRECT is supported'],
    NATIVE_NFTABLES: [/^(false)?$/, 'open connections could not be kept with it'],
    FORCE_IPTABLES_BINARY: [/^(nft|legacy)?$/, 'nft or legacy is accepted'],
    KUBE_VIRT_INTERFACES: [/^$/, 'it would redirect everything that arrives there, SSH too'],
  };
  const [form, reason] = only[key] ?? [];
  return form === undefined || form.test(value) ? undefined : reason;
}
