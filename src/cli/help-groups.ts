import {
  CIDR_OPTION,
  COMMON,
  type CommonName,
  GROUP_OPTIONS,
  ISTIOD_OPTIONS,
  type OptionLine,
  SETUP_OPTIONS,
} from './options.ts';

/** What a command has for itself, and what most of its calls use. */
const FIRST = 'Options:';

/** Options that fewer calls use, by the part of a run that they are about. */
const OPTION_GROUPS = {
  'Workload:': ['service-account', 'labels', 'network', 'locality', 'weight', 'probe', 'capture-dns'],
  'Sidecar and agent:': [
    ...['package', 'package-source', 'sha256', 'agent-executable', 'agent', 'agent-metrics-port', 'vm-address'],
    'exclude-ports',
  ],
  'Safety and checks:': [
    ...['accept-risk', 'strict-port', 'restart', 'drain-timeout', 'confirm-within', 'mesh-service', 'probe-client'],
    ...['forget', 'create'],
  ],
  'Control plane:': [
    ...['istiod-address', 'gateway', 'release', 'cluster-domain', 'cluster-id', 'wait', 'timeout', 'service-cidr'],
    ...['istio-namespace', 'revision'],
  ],
  'Cluster:': ['kubeconfig', 'manifests', 'project', 'zone'],
  'Login to VMs:': [
    ...['user', 'port', 'identity-file', 'ssh-config', 'known-hosts', 'host-key-fingerprint', 'accept-new-host-key'],
    ...['sudo-password-file', 'root'],
  ],
  'Output and time limits:': ['out', 'exit-code', 'quiet', 'verbose', 'debug', 'log-file', 'timings', 'step-timeout'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

// as: the keys of COMMON are its names.
const SHARED: readonly OptionLine[] = [
  ...(Object.keys(COMMON) as CommonName[]).map((name) => COMMON[name]),
  ...SETUP_OPTIONS,
  ...GROUP_OPTIONS,
  CIDR_OPTION,
  ...ISTIOD_OPTIONS,
];

/** The heading of an option in the help of a command. A command's own option of the same name comes first. */
export function headingOf(line: OptionLine): string {
  const name = /--(?:no-)?([a-z0-9-]+)/.exec(line[0])?.[1] ?? '';
  const found = Object.entries(OPTION_GROUPS).find(([, names]) => (names as readonly string[]).includes(name));
  return SHARED.includes(line) ? (found?.[0] ?? FIRST) : FIRST;
}

/** Commands by what people want; each group in the order of a first read. */
const COMMAND_GROUPS: Readonly<Record<string, readonly string[]>> = {
  'Join and leave:': ['up', 'setup-vm', 'adopt', 'rejoin', 'down', 'rollback', 'apply', 'fleet'],
  'See and verify:': ['status', 'check', 'verify', 'logs', 'proxy', 'ui', 'audit', 'lint', 'bugreport', 'explain'],
  'Change a VM of the mesh:': ['configure', 'capture', 'drain', 'undrain', 'agent'],
  'Services and the cluster:': [
    ...['register', 'deregister', 'route', 'evict', 'expose', 'rbac', 'sudoers', 'gateway-url', 'forward', 'dashboard'],
    'load',
  ],
  'Files and settings:': [
    'generate-cluster-env',
    'generate-dnsmasq',
    'generate-certs',
    'config',
    'cache',
    'completion',
    'version',
  ],
};

const OTHERS = 'Other commands:';

/** The heading of a command, or of a group of commands, in the list of commands. */
export function commandHeading(name: string): string {
  return Object.entries(COMMAND_GROUPS).find(([, names]) => names.includes(name))?.[0] ?? OTHERS;
}

const ORDER: readonly string[] = [FIRST, ...Object.keys(OPTION_GROUPS), ...Object.keys(COMMAND_GROUPS), OTHERS];

/** The items of a help by heading, in the order above. */
export function grouped<Item>(items: readonly Item[], headingOfItem: (item: Item) => string): Map<string, Item[]> {
  const place = (heading: string): number => (ORDER.includes(heading) ? ORDER.indexOf(heading) : ORDER.length);
  const headings = [...new Set(items.map(headingOfItem))].sort((one, other) => place(one) - place(other));
  return new Map(headings.map((heading) => [heading, items.filter((item) => headingOfItem(item) === heading)]));
}
