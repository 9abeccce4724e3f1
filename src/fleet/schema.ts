import * as z from 'zod';

/** Words that follow `-`, `!` or `&` in a pattern, and what an SSH name cannot have, are no names of hosts. */
export const HOST_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.@:/[\]-]{0,252}$/;
const GROUP_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;
/** The name is part of the name of a Lease: a DNS label. */
const FLEET_NAME = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;

const Text = z.string().min(1).max(1024);
const Count = z.int().min(1).max(10_000);
const Percent = z.string().regex(/^(100|[1-9]?[0-9])%$/, 'is a percentage, as 25%');
const Size = z.union([Count, Percent]);
const GroupName = z.string().regex(GROUP_NAME, 'is letters, digits, - and _');
const HostName = z.string().regex(HOST_NAME, 'is a name that SSH knows, as db-1, user@db-1 or web-[01:20]');
const HostPattern = Text.describe('A host, a group, or a pattern with * and ?');
const Port = z.union([z.int().min(1).max(65_535), Text]);
const Ports = z.union([Port, z.array(Port)]);
const Texts = z.union([Text, z.array(Text)]);

/** Options of `meshx up` and how to reach a VM, by their names on the command line. */
export const OptionsSchema = z.strictObject({
  package: Text.optional().describe('.deb, .rpm or directory of binaries, beside this file, or an https URL'),
  'package-source': Text.optional().describe(
    "URL or directory laid out as Istio's releases, distribution (the VM's apt), or none",
  ),
  upgrade: z.boolean().optional().describe("Install the package of istiod's version on VMs that have a sidecar"),
  sha256: Text.optional().describe('sha256 of the package'),
  namespace: Text.optional().describe('Namespace of the VM and its services'),
  'workload-group': Text.optional().describe("WorkloadGroup (default: the VM's host name)"),
  'service-account': Text.optional(),
  network: Text.optional(),
  locality: Text.optional(),
  weight: z.int().min(1).max(4_294_967_295).optional(),
  probe: Text.optional().describe('Readiness probe: tcp, mysql, http, http:/PATH or grpc'),
  'capture-dns': z.boolean().optional(),
  agent: z.boolean().optional(),
  'agent-executable': Text.optional().describe('Executable of the agent, beside this file'),
  'agent-metrics-port': z.int().min(1024).max(65_535).optional(),
  'vm-address': Text.optional().describe('Address of the VM in the mesh'),
  'exclude-ports': Ports.optional(),
  'strict-port': Ports.optional().describe('Ports that require mutual TLS'),
  'mesh-service': Text.optional(),
  'probe-client': Text.optional(),
  create: z.boolean().optional().describe('Create the namespace and the service account (true)'),
  'accept-risk': Texts.optional(),
  'service-cidr': Texts.optional(),
  'istiod-address': Text.optional(),
  gateway: Text.optional(),
  'cluster-domain': Text.optional(),
  'cluster-id': Text.optional(),
  restart: z.boolean().optional().describe('Restart the sidecar even if it has open connections'),
  'drain-timeout': z.int().min(0).max(86_400).optional().describe('Seconds'),
  'confirm-within': z.int().min(10).max(3600).optional().describe('Seconds'),
  root: Text.optional().describe('Image directory instead of a running VM, beside this file'),
  user: Text.optional(),
  port: z.int().min(1).max(65_535).optional(),
  'identity-file': Text.optional(),
  'ssh-config': Text.optional(),
  'known-hosts': Text.optional(),
  'host-key-fingerprint': Text.optional(),
  project: Text.optional(),
  zone: Text.optional(),
  'step-timeout': z.int().min(1).max(86_400).optional().describe('Seconds'),
});

const settings = {
  labels: z.record(z.string(), z.string()).optional().describe('Labels of the workload'),
  services: z.array(Text).max(64).optional().describe('Services, as in --service: mysqldb:3306, web:http:8080'),
  options: OptionsSchema.optional(),
};

/** What a file or an inventory may say of one host. */
const HostSchema = z.strictObject({
  address: Text.optional().describe('What SSH connects to, if it is not the name'),
  ...settings,
});

/** What an inventory may say: nothing that names a file of the operator, accepts a risk or says whom SSH trusts. */
export const InventoryHostSchema = z.strictObject({
  ...HostSchema.shape,
  options: OptionsSchema.omit({
    ...{
      package: true,
      'package-source': true,
      upgrade: true,
      sha256: true,
      'agent-executable': true,
      root: true,
      'accept-risk': true,
    },
    ...{ 'identity-file': true, 'ssh-config': true, 'known-hosts': true, 'host-key-fingerprint': true },
  }).optional(),
});

const GroupSchema = z.strictObject({
  hosts: z
    .union([z.array(HostName), z.record(HostName, HostSchema.nullable())])
    .optional()
    .describe('Names of hosts, or each with its own settings; web-[01:20] stands for twenty'),
  ...settings,
});

const CommandSchema = z.strictObject({
  command: z.array(Text).min(1).max(64).describe("A program that prints JSON in Ansible's form, with its arguments"),
  timeout: z.int().min(1).max(600).optional().describe('Seconds (30)'),
});

const ComputeSchema = z.strictObject({
  compute: z.strictObject({
    project: Text.optional(),
    zone: Text.optional(),
    labels: z.record(z.string().regex(/^[a-z][a-z0-9_-]*$/), z.string().regex(/^[a-z0-9_-]*$/)).optional(),
    'instance-group': Text.optional(),
  }),
  group: GroupName.describe('The group of this file that its instances are in'),
});

const CanarySchema = z.strictObject({
  hosts: z.array(HostPattern).min(1).describe('The hosts that go first'),
  soak: z.int().min(0).max(86_400).optional().describe('Seconds between their join and their checks (60)'),
  verify: z.boolean().optional().describe('Verify them with live traffic after the soak (true)'),
});

const RolloutSchema = z.strictObject({
  serial: z
    .union([Size, z.array(Size).min(1)])
    .optional()
    .describe('Size of a batch, or of one after the other; the last repeats'),
  'max-fail': z
    .union([z.int().min(0).max(10_000), Percent])
    .optional()
    .describe('How many VMs may fail before no other is started (0)'),
  canary: CanarySchema.optional(),
  order: z.enum(['file', 'sorted', 'reverse']).optional().describe('Order of the hosts (file)'),
});

const ClusterSchema = z.strictObject({
  kubeconfig: Text.optional().describe('Beside this file'),
  context: Text.optional(),
  manifests: Text.optional().describe('Folder of Kubernetes YAML instead of a live cluster, beside this file'),
  'istio-namespace': Text.optional(),
  revision: Text.optional(),
});

/** The form of fleet.yaml. */
export const FleetSchema = z
  .strictObject({
    fleet: z
      .string()
      .regex(FLEET_NAME, 'is lower-case letters, digits and -, up to 40')
      .describe('Name of the fleet, unique in its mesh'),
    cluster: ClusterSchema.optional(),
    ...settings,
    rollout: RolloutSchema.optional(),
    inventory: z
      .array(z.union([CommandSchema, ComputeSchema]))
      .max(16)
      .optional(),
    groups: z.record(GroupName, GroupSchema.nullable()).describe('Groups of hosts, by name'),
  })
  .describe('VMs of a mesh, and how meshx changes them: meshx fleet plan, meshx fleet apply');

export type FleetFile = z.infer<typeof FleetSchema>;
export type FleetHost = z.infer<typeof HostSchema>;
export type FleetGroup = z.infer<typeof GroupSchema>;
export type InventorySource = NonNullable<FleetFile['inventory']>[number];
export type Rollout = z.infer<typeof RolloutSchema>;
export type BatchSize = z.infer<typeof Size>;
