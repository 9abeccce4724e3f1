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
  quiet: ['-q, --quiet', 'print results and problems only'],
  verbose: ['-v, --verbose', 'also print when a step starts, how long it took, and what its scripts said'],
  debug: ['--debug', 'also print each command and request with its exit code, time and bytes'],
  logFile: ['--log-file <file>', 'append everything that --debug prints to a file that only you can read'],
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

/** What a command takes that only a live cluster can answer. */
export const LIVE_CLUSTER_OPTIONS = CLUSTER_OPTIONS.filter((name) => name !== 'manifests');

/** What a command takes that only a running VM can answer. */
export const LIVE_VM_OPTIONS = VM_OPTIONS.filter((name) => name !== 'root');

/** What every command takes, behind what it declares. */
export const EVERY_OPTIONS = [
  'timings',
  'quiet',
  'verbose',
  'debug',
  'logFile',
] as const satisfies readonly CommonName[];

/** What every command that changes something takes. */
export const PLAN_OPTIONS = ['dryRun', 'exitCode', 'output', 'yes'] as const satisfies readonly CommonName[];

/** What every command that may restart the sidecar takes. */
export const RESTART_OPTIONS = ['restart', 'drainTimeout'] as const satisfies readonly CommonName[];

/** Prints what would be written. */
export const PRINT_OPTION: OptionLine = ['--print', 'print the files without writing them'];

export const CIDR_OPTION: OptionLine = ['--service-cidr <cidr...>', 'cluster IP range (default: looked up)'];

/** How a VM reaches the control plane. */
export const ISTIOD_OPTIONS: readonly OptionLine[] = [
  ['--istiod-address <ip>', 'where VMs reach istiod, IP or IP:PORT (default: read from the cluster)'],
  ['--gateway <service>', 'Service of the east-west gateway, NAME or NAME.NAMESPACE'],
  ['--release <release>', 'classic: file format of release 0.2, 0.4, 0.8, 1.0 or 1.5'],
  ['--cluster-domain <domain>', 'DNS domain of the cluster (cluster.local)'],
  ['--cluster-id <name>', 'cluster ID that istiod uses'],
  ['--wait', 'wait for load balancers to get an address'],
  ['--timeout <seconds>', 'how long to wait (300)'],
];

/** The workload of a group's VMs. */
export const GROUP_OPTIONS: readonly OptionLine[] = [
  ['--workload-group <name>', "name of the WorkloadGroup (the VM's host name)"],
  ['--service <name:port...>', 'service on the VM: mysqldb:3306, web:http:8080'],
  ['-s, --service-account <name>', 'service account of the VM (SERVICE_ACCOUNT)'],
  ['-l, --labels <key=value...>', 'labels of the workload'],
  ['--network <name>', 'network of the VM, in a multi-network mesh'],
  ['--locality <region/zone>', 'locality of the VM'],
  ['--weight <number>', 'load-balancing weight relative to other endpoints'],
  ['--probe <probe>', 'readiness probe of the service: tcp, mysql, http, http:/PATH or grpc'],
  ['--no-capture-dns', "leave the VM's DNS unchanged"],
];

/** What a VM gets, and how. */
export const SETUP_OPTIONS: readonly OptionLine[] = [
  ['--package <path>', '.deb, .rpm, directory of binaries, or https URL (default: found for the VM)'],
  [
    '--package-source <source>',
    "URL or directory laid out as Istio's releases, distribution (the VM's apt), or none (default: Istio's releases)",
  ],
  ['--upgrade', 'install the package of the version of istiod, even if the VM has a sidecar'],
  ['--sha256 <hex>', 'sha256 of the package, required for its URL (default: the published one)'],
  ['--agent-executable <file>', 'executable that becomes the agent of the VM (default: meshx itself)'],
  ['--no-agent', 'join without the agent; an agent of an earlier join is stopped'],
  ['--agent-metrics-port <port>', 'port of 127.0.0.1 on which the agent also serves its metrics'],
  ['--vm-address <ip>', "the VM's mesh address (default: the one that routes to istiod)"],
  ['--exclude-ports <ports...>', 'inbound ports to exclude from capture, besides SSH'],
  ['--strict-port <port...>', 'require mutual TLS on this port of the VM: a PeerAuthentication, which down removes'],
  ['--mesh-service <name:port>', 'mesh service to test from the VM: NAME[.NAMESPACE]:PORT[/PATH]'],
  ['--probe-client <vm>', "another mesh VM to test from (default: the VM's own sidecar)"],
  ['--forget <option...>', 'do not repeat this option of the previous join: vm-address, exclude-ports, …'],
  ['--no-create', 'do not create the namespace and the service account'],
];
