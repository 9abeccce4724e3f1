/** Where a mesh VM keeps its files. The package's `/etc/istio` is a link to `/var/lib/istio`. */
export const PLACES = {
  clusterEnv: '/var/lib/istio/envoy/cluster.env',
  sidecarEnv: '/var/lib/istio/envoy/sidecar.env',
  meshConfig: '/var/lib/istio/config/mesh',
  /** Where pilot-agent keeps Wasm modules. */
  agentData: '/var/lib/istio/data',
  rootCert: '/etc/certs/root-cert.pem',
  certChain: '/etc/certs/cert-chain.pem',
  key: '/etc/certs/key.pem',
  token: '/run/secrets/tokens/istio-token',
  /** meshx's own programs, and the files that they read from their own folder. */
  programs: '/usr/local/lib/meshx',
  capture: '/usr/local/lib/meshx/capture',
  /** What rolls a VM back. A VM of an older meshx has it in `capture`. */
  deadMan: '/usr/local/lib/meshx/dead-man',
  revertTimer: '/etc/systemd/system/meshx-revert.timer',
  bypass: '/usr/local/sbin/meshx-bypass',
  /** Read by settings and sidecar-start: the syntax of the two env files. */
  settings: '/usr/local/lib/meshx/settings.awk',
  /** Started by istio.service, as istio-proxy. */
  sidecarStart: '/usr/local/lib/meshx/sidecar-start',
  /** Started by istio.service and meshx-resolver.service. */
  resolver: '/usr/local/lib/meshx/resolver',
  /** Started by meshx-watch.service. */
  watch: '/usr/local/lib/meshx/watch',
  units: '/etc/systemd/system',
  /** Journal, audit and packages: there as long as meshx has something to take back. */
  state: '/var/lib/meshx',
  /** What was decided when the VM joined. */
  membership: '/var/lib/meshx/membership',
} as const;

/** Name of the user that runs the sidecar; its uid is whatever the machine gave. */
export const PROXY_USER = 'istio-proxy';

/** Owner of everything the sidecar writes. */
export const PROXY = `${PROXY_USER}:${PROXY_USER}`;

export const ROOT = 'root:root';

/** The package's own scripts give its directories to istio-proxy at each install. */
export const AFTER_PACKAGE = ['package:istio-sidecar'] as const;

/** Where a VM remembers which package was installed; copies of it and of the one before stand beside it. */
export const PACKAGE_MARKER = '/var/lib/meshx/package';
