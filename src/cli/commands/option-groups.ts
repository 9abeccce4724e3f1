import type { OptionLine } from '../options.ts';

/** Prints what would be written. */
export const PRINT_OPTION: OptionLine = ['--print', 'print the files without writing them (same as -o -)'];

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

/** What the VMs of a group are to the mesh. */
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

/** What a VM gets, and how it is made so. */
export const SETUP_OPTIONS: readonly OptionLine[] = [
  ['--package <path>', '.deb, .rpm, directory of binaries, or https URL'],
  ['--sha256 <hex>', 'sha256 of the package, required for a URL'],
  ['--vm-address <ip>', "the VM's mesh address (default: the one that routes to istiod)"],
  ['--exclude-ports <ports...>', 'inbound ports to exclude from capture, besides SSH'],
  ['--mesh-service <name:port>', 'mesh service to test from the VM: NAME[.NAMESPACE]:PORT[/PATH]'],
  ['--probe-client <vm>', "another mesh VM to test from (default: the VM's own sidecar)"],
  ['--forget <option...>', 'do not repeat this option of the previous join: vm-address, exclude-ports, …'],
  ['--no-create', 'do not create the namespace and the service account'],
];
