import { CHECK, STATUS, VERIFY } from './check-grants.ts';
import { policyRights, rightsOfAgents } from './agent-grants.ts';
import { APPLY, control, NETWORKING, NODES, readOnly, type Right, SECURITY, workload } from './right.ts';
import { VIEW_RIGHTS } from './view-rights.ts';

export interface RightsOptions {
  /** `-canary`, empty without a revision: part of the names of the control plane's objects. */
  readonly suffix?: string;
  /** The namespace may have to be made. */
  readonly createNamespace?: boolean;
  /** Commands that join and remove VMs also grant, and take away, the rights of their agents. */
  readonly agents?: boolean;
}

/** The generation of the mesh, which every command reads first. */
const generation = (suffix: string): readonly Right[] => [
  control('services', ['get']),
  { ...control('configmaps', ['get']), names: [`istio${suffix}`], optional: "istiod's Service is in another cluster" },
];

const REMOTE = 'istiod runs in another cluster';

/** Whether the mesh has ambient clients. */
const AMBIENT: readonly Right[] = [
  { ...control('deployments', ['get'], 'apps'), optional: "istiod's version, and whether it serves ambient clients" },
  { ...control('daemonsets', ['get'], 'apps'), optional: 'whether ztunnel is installed' },
];

/** Facts of the mesh. */
const facts = (suffix: string): readonly Right[] => [
  ...generation(suffix),
  {
    ...control('configmaps', ['get']),
    names: [`istio${suffix}`, `istio-sidecar-injector${suffix}`, 'istio-ca-root-cert'],
  },
  { ...workload('configmaps', ['get']), names: ['istio-ca-root-cert'] },
  ...AMBIENT,
  { ...control('endpointslices', ['list'], 'discovery.k8s.io'), optional: REMOTE },
  { ...control('endpoints', ['get']), optional: REMOTE },
];

/** A Role in a namespace may grant reading that namespace. */
const THE_NAMESPACE = workload('namespaces', ['get']);

/** For the `nudge` after a label that takes an entry out of a Service with numeric target ports. */
const NUDGE: Right = {
  ...workload('workloadentries', [...APPLY, 'delete'], NETWORKING),
  optional: 'a VM leaves a Service that has numeric target ports',
};

/** Other VMs' groups and the pods behind a Service, which decide whether it may ask for ports by name. */
const NAMED_TARGETS: readonly Right[] = [
  { ...workload('workloadgroups', ['list'], NETWORKING), optional: 'a Service changes to named target ports' },
  { ...workload('pods', ['list']), optional: 'a Service changes to named target ports' },
];

/** A group of another owner, or of an istioctl join, does not hold the ports of its services. */
const PORTS_OF_GROUP: Right = {
  ...workload('services', ['list']),
  optional: 'a group that does not keep the ports of its services',
};

/** The policy of ports that require mutual TLS. */
function strictPorts(verbs: readonly string[]): Right {
  return {
    ...workload('peerauthentications', verbs, SECURITY),
    optional: 'a port of the VM requires mutual TLS by --strict-port',
  };
}

/** What `up`, `setup-vm` and `apply` read and write for a VM. */
const JOIN: readonly Right[] = [
  THE_NAMESPACE,
  workload('services', ['get', ...APPLY]),
  PORTS_OF_GROUP,
  workload('serviceaccounts', ['get', ...APPLY]),
  workload('serviceaccounts/token', ['create']),
  workload('workloadgroups', ['get', ...APPLY], NETWORKING),
  workload('workloadentries', ['get', 'list', 'patch'], NETWORKING),
  NUDGE,
  ...NAMED_TARGETS,
  workload('sidecars', ['get', 'list', ...APPLY], NETWORKING),
  control('sidecars', ['list'], NETWORKING),
  strictPorts(['get', ...APPLY]),
  ...[workload, control].flatMap((at) => [
    at('peerauthentications', ['list'], SECURITY),
    at('destinationrules', ['list'], NETWORKING),
  ]),
];

const REGISTER: readonly Right[] = [
  THE_NAMESPACE,
  workload('services', ['get', ...APPLY]),
  workload('serviceaccounts', ['get', ...APPLY]),
  workload('workloadgroups', ['get', 'patch'], NETWORKING),
  workload('workloadentries', ['get', 'list', ...APPLY], NETWORKING),
  NUDGE,
  ...NAMED_TARGETS,
  workload('sidecars', ['get', 'list', ...APPLY], NETWORKING),
  control('sidecars', ['list'], NETWORKING),
];

const DEREGISTER: readonly Right[] = [
  workload('services', ['get', 'delete']),
  workload('workloadgroups', ['list', 'patch'], NETWORKING),
  workload('workloadentries', ['list', 'patch', 'delete'], NETWORKING),
  NUDGE,
  workload('sidecars', ['get', 'patch', 'delete'], NETWORKING),
];

/** Out of rotation and back. */
const ROTATE: readonly Right[] = [
  workload('services', ['get']),
  workload('workloadentries', ['list', 'patch'], NETWORKING),
  NUDGE,
];

const DOWN: readonly Right[] = [
  ...ROTATE,
  THE_NAMESPACE,
  workload('services', ['delete']),
  workload('serviceaccounts', ['get', 'delete']),
  workload('workloadgroups', ['list', 'delete'], NETWORKING),
  workload('workloadentries', ['delete'], NETWORKING),
  workload('sidecars', ['get', 'delete'], NETWORKING),
  workload('pods', ['list']),
  strictPorts(['get', 'delete']),
  {
    ...{ place: 'cluster', group: NETWORKING, resource: 'workloadgroups', verbs: ['list'] },
    optional: "a VM without an entry is in another namespace than the operator's",
  },
];

/** Load balancers of the cluster DNS are in kube-system. `expose` always reads them, and creates them with --dns. */
const dns = (verbs: readonly string[]): Right => ({ place: 'kube-system', group: '', resource: 'services', verbs });

const exposed = (verbs: readonly string[]): readonly Right[] => [
  control('services', verbs),
  control('gateways', verbs, NETWORKING),
  control('virtualservices', verbs, NETWORKING),
];

/** What an eviction reads, deletes and restores. */
const EVICT: readonly Right[] = [
  control('authorizationpolicies', ['get', 'list', ...APPLY, 'delete'], SECURITY),
  workload('workloadgroups', ['get', 'list', ...APPLY, 'delete'], NETWORKING),
  workload('workloadentries', ['list', 'delete'], NETWORKING),
  workload('sidecars', ['get', ...APPLY, 'delete'], NETWORKING),
  workload('serviceaccounts', ['get', ...APPLY, 'delete']),
  workload('pods', ['list']),
];

/** The lock and the record of fleets. Names of fleets are free, and RBAC knows no patterns. */
const fleetLease = (verbs: readonly string[]): Right => control('leases', verbs, 'coordination.k8s.io');

type Table = Readonly<Record<string, (suffix: string) => readonly Right[]>>;

/** The table of rights by command, from which `meshx rbac` makes roles. */
const RIGHTS: Table = {
  'generate-cluster-env': (suffix) => [
    ...facts(suffix),
    workload('workloadgroups', ['get'], NETWORKING),
    PORTS_OF_GROUP,
    workload('serviceaccounts/token', ['create']),
  ],
  'expose apply': (suffix) => [
    ...generation(suffix),
    ...exposed(['get', ...APPLY]),
    { ...control('deployments', ['get'], 'apps'), optional: 'whether a gateway runs; else say --mode' },
    dns(['get', ...APPLY]),
    NODES,
    ...policyRights(['get', ...APPLY]),
  ],
  ...VIEW_RIGHTS,
  'expose status': () => [
    control('services', ['list']),
    dns(['get']),
    ...[control('endpointslices', ['list'], 'discovery.k8s.io'), control('endpoints', ['get'])],
    ...(['endpointslices', 'endpoints'] as const).map((resource): Right => {
      const slices = resource === 'endpointslices';
      return {
        place: 'kube-system',
        group: slices ? 'discovery.k8s.io' : '',
        resource,
        verbs: [slices ? 'list' : 'get'],
      };
    }),
  ],
  'expose delete': () => [...exposed(['get', 'delete']), dns(['get', 'delete'])],
  'setup-vm': (suffix) => [...facts(suffix), ...JOIN],
  rejoin: (suffix) => [...facts(suffix), ...JOIN],
  up: (suffix) => [...facts(suffix), ...JOIN],
  adopt: (suffix) => [...facts(suffix), ...JOIN],
  apply: () => JOIN,
  check: (suffix) => [...facts(suffix), ...CHECK],
  status: (suffix) => [...generation(suffix), ...STATUS],
  version: (suffix) => [...generation(suffix), ...STATUS],
  bugreport: (suffix) => [
    ...facts(suffix),
    ...CHECK,
    { ...control('pods/log', ['get']), optional: 'the logs of istiod' },
  ],
  verify: (suffix) => [...facts(suffix), ...CHECK, ...VERIFY],
  ui: (suffix) => [...facts(suffix), ...STATUS, ...CHECK],
  configure: () => [],
  register: (suffix) => [
    ...generation(suffix),
    { ...control('configmaps', ['get']), names: [`istio${suffix}`] },
    ...AMBIENT,
    ...REGISTER,
  ],
  deregister: (suffix) => [...generation(suffix), ...DEREGISTER],
  down: (suffix) => [...generation(suffix), ...DOWN],
  rollback: (suffix) => [...generation(suffix), ...ROTATE],
  'fleet plan': (suffix) => [...facts(suffix), ...JOIN.flatMap(readOnly), fleetLease(['get'])],
  'fleet diff': (suffix) => [...facts(suffix), ...JOIN.flatMap(readOnly), fleetLease(['get'])],
  'fleet status': (suffix) => [...generation(suffix), ...STATUS, fleetLease(['get'])],
  'fleet apply': (suffix) => [...facts(suffix), ...JOIN, ...DOWN, fleetLease(['get', ...APPLY])],
  // Its canaries are verified as after a join.
  'fleet rollback': (suffix) => [...facts(suffix), ...ROTATE, ...JOIN.flatMap(readOnly), fleetLease(['get', ...APPLY])],
  'fleet remove': (suffix) => [...facts(suffix), ...DOWN, fleetLease(['get', ...APPLY, 'delete'])],
  logs: () => [workload('pods/log', ['get'])],
  evict: (suffix) => [...facts(suffix), ...EVICT],
};

/** Commands in the order of the table. */
export const COMMANDS_WITH_RIGHTS: readonly string[] = Object.keys(RIGHTS);

/** All rights of a command in a current cluster. One resource may appear several times. */
export function rightsOf(command: string, options: RightsOptions = {}): readonly Right[] {
  const own = RIGHTS[command]?.(options.suffix ?? '') ?? [];
  const rights = [...own, ...(options.agents === true ? rightsOfAgents(command) : [])];
  const makes = options.createNamespace === true && rights.includes(THE_NAMESPACE);
  return makes ? [...rights, { place: 'cluster', group: '', resource: 'namespaces', verbs: APPLY }] : rights;
}
