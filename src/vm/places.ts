/** Paths on a mesh VM. The package's `/etc/istio` is a link to `/var/lib/istio`. */
export const PLACES = {
  clusterEnv: '/var/lib/istio/envoy/cluster.env',
  sidecarEnv: '/var/lib/istio/envoy/sidecar.env',
  meshConfig: '/var/lib/istio/config/mesh',
  /** Wasm modules of pilot-agent. */
  agentData: '/var/lib/istio/data',
  rootCert: '/etc/certs/root-cert.pem',
  certChain: '/etc/certs/cert-chain.pem',
  key: '/etc/certs/key.pem',
  token: '/run/secrets/tokens/istio-token',
  /** meshx's own programs and their parts. */
  programs: '/usr/local/lib/meshx',
  capture: '/usr/local/lib/meshx/capture',
  /** Rolls a VM back. A VM of an older meshx has it in `capture`. */
  deadMan: '/usr/local/lib/meshx/dead-man',
  revertTimer: '/etc/systemd/system/meshx-revert.timer',
  bypass: '/usr/local/sbin/meshx-bypass',
  /** The syntax of the two env files, for settings and sidecar-start. */
  settings: '/usr/local/lib/meshx/settings.awk',
  /** Started by istio.service, as istio-proxy. */
  sidecarStart: '/usr/local/lib/meshx/sidecar-start',
  /** Started by istio.service and meshx-resolver.service. */
  resolver: '/usr/local/lib/meshx/resolver',
  /** Started by meshx-watch.service. */
  watch: '/usr/local/lib/meshx/watch',
  units: '/etc/systemd/system',
  /** The agent's programs by digest, and the link to the one in use. */
  agent: '/usr/local/lib/meshx/agent',
  /** The agent's program with its library, for people on the VM. */
  agentCommand: '/usr/local/sbin/meshx-agent',
  agentSettings: '/etc/meshx/agent.yaml',
  agentServices: '/etc/meshx/services.d',
  agentState: '/var/lib/meshx-agent',
  /** Its token for the API server. */
  agentToken: '/var/lib/meshx-agent/api-token',
  /** Journal, audit and packages, until meshx is removed. */
  state: '/var/lib/meshx',
  /** The record of the join. */
  membership: '/var/lib/meshx/membership',
} as const;

/** Name of the user that runs the sidecar; its uid depends on the machine. */
export const PROXY_USER = 'istio-proxy';

/** Owner of everything that the sidecar writes. */
export const PROXY = `${PROXY_USER}:${PROXY_USER}`;

export const ROOT = 'root:root';

/** Name of the agent's token in plans. */
export const AGENT_TOKEN_SECRET = 'agent-api-token';

/** Name of the user that runs the agent. */
export const AGENT_USER = 'meshx-agent';

/** The units of the agent, in the order of their start. */
export const AGENT_UNITS = ['meshx-agent.socket', 'meshx-agent-root.socket', 'meshx-agent.service'] as const;

/** The package's scripts give its directories to istio-proxy at each install. */
export const AFTER_PACKAGE = ['package:istio-sidecar'] as const;

/** Names the installed package; copies of it and of the previous package are beside it. */
export const PACKAGE_MARKER = '/var/lib/meshx/package';
