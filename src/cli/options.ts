/** `-s, --long <value>` and what it does; `<value...>` may be repeated. */
export type OptionLine = readonly [flags: string, description: string];

/** Options that many commands share. Each command names those that it understands. */
export const COMMON = {
  kubeconfig: ['--kubeconfig <file>', 'kubeconfig file (KUBECONFIG, ~/.kube/config)'],
  context: ['--context <name>', 'context of the kubeconfig'],
  manifests: ['--manifests <dir>', 'folder of Kubernetes YAML instead of a live cluster'],
  namespace: ['-n, --namespace <name>', 'namespace of the VM and its services (SERVICE_NAMESPACE)'],
  istioNamespace: ['--istio-namespace <name>', 'namespace of the control plane (istio-system)'],
  revision: ['--revision <name>', 'revision of the control plane'],
  project: ['--project <id>', 'Google Cloud project (GCP_OPTS, GOOGLE_CLOUD_PROJECT)'],
  zone: ['--zone <name>', 'Compute Engine zone or GKE location (GCP_OPTS)'],
  root: ['--root <dir>', 'image directory instead of a running VM'],
  user: ['--user <name>', 'SSH login name'],
  port: ['--port <number>', 'SSH port'],
  identityFile: ['-i, --identity-file <file>', 'SSH private key'],
  sshConfig: ['--ssh-config <file>', 'ssh_config file instead of ~/.ssh/config'],
  knownHosts: ['--known-hosts <file>', 'known_hosts file instead of the configured ones'],
  hostKeyFingerprint: ['--host-key-fingerprint <sha256>', 'the only host key to accept: SHA256:…'],
  acceptNewHostKey: ['--accept-new-host-key', 'trust an unknown host key, then print and record it'],
  sudoPasswordFile: [
    '--sudo-password-file <file>',
    'file with the sudo password for the VM, or - for stdin (MESHX_SUDO_PASSWORD)',
  ],
  stepTimeout: [
    '--step-timeout <seconds>',
    'timeout of each VM command and cluster request (default: set by meshx for each)',
  ],
  dryRun: ['--dry-run', 'print the plan without changing anything'],
  exitCode: ['--exit-code', 'with --dry-run: exit with code 3 if the plan is not empty'],
  output: ['-o, --output <format>', 'text, json or yaml'],
  out: ['--out <path>', 'where to write generated files (working directory)'],
  yes: ['-y, --yes', 'skip confirmation prompts'],
  confirmWithin: [
    '--confirm-within <seconds>',
    'how long the VM waits for the confirming login before it rolls itself back (90)',
  ],
  timings: ['--timings', 'print timings on stderr: a table, or JSON with --output json'],
  restart: ['--restart', 'restart the sidecar even if it has open connections, after draining them'],
  drainTimeout: ['--drain-timeout <seconds>', 'how long to let open mesh connections finish by themselves (30)'],
  acceptRisk: ['--accept-risk <name...>', 'proceed despite the named risk'],
} as const satisfies Record<string, OptionLine>;

export type CommonName = keyof typeof COMMON;

/** What every command that talks to a cluster takes. */
export const CLUSTER_OPTIONS = [
  'kubeconfig',
  'context',
  'manifests',
  'istioNamespace',
  'revision',
  'project',
  'zone',
  'stepTimeout',
] as const satisfies readonly CommonName[];

/** What every command that talks to a VM takes. */
export const VM_OPTIONS = [
  'root',
  'user',
  'port',
  'identityFile',
  'sshConfig',
  'knownHosts',
  'hostKeyFingerprint',
  'acceptNewHostKey',
  'sudoPasswordFile',
  'project',
  'zone',
  'stepTimeout',
] as const satisfies readonly CommonName[];

/** What every command that changes something takes. */
export const PLAN_OPTIONS = ['dryRun', 'exitCode', 'output', 'yes'] as const satisfies readonly CommonName[];

/** What every command that may restart the sidecar takes. */
export const RESTART_OPTIONS = ['restart', 'drainTimeout'] as const satisfies readonly CommonName[];
