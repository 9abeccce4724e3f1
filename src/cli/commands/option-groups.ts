import type { OptionLine } from '../options.ts';

/** Prints what would be written. */
export const PRINT_OPTION: OptionLine = ['--print', 'print the files and write nothing (-o - means the same)'];

export const CIDR_OPTION: OptionLine = ['--service-cidr <cidr...>', 'range of the cluster IPs, in place of asking'];

/** How a VM reaches the control plane. */
export const ISTIOD_OPTIONS: readonly OptionLine[] = [
  ['--istiod-address <ip>', 'where VMs reach istiod, IP or IP:PORT, in place of what the cluster says'],
  ['--gateway <service>', 'Service of the east-west gateway, NAME or NAME.NAMESPACE'],
  ['--release <release>', 'classic: write the files of 0.2, 0.4, 0.8, 1.0 or 1.5'],
  ['--cluster-domain <domain>', 'DNS domain of the cluster (cluster.local)'],
  ['--cluster-id <name>', 'name by which istiod knows the cluster'],
  ['--wait', 'wait for load balancers that have no address yet'],
  ['--timeout <seconds>', 'how long to wait (300)'],
];

/** What the VMs of a group are to the mesh. */
export const GROUP_OPTIONS: readonly OptionLine[] = [
  ['--workload-group <name>', "name of the WorkloadGroup (the VM's host name)"],
  ['--service <name:port...>', 'service on the VM: mysqldb:3306, web:http:8080'],
  ['-s, --service-account <name>', 'service account of the VM (SERVICE_ACCOUNT)'],
  ['-l, --labels <key=value...>', 'labels of the workload'],
  ['--network <name>', 'network of the VM, for a mesh of several networks'],
  ['--locality <region/zone>', 'where the VM stands'],
  ['--weight <number>', 'share of the traffic beside other endpoints'],
  ['--check <check>', 'when the service is ready: tcp, mysql, http, http:/PATH or grpc'],
  ['--no-capture-dns', "leave the VM's DNS as it is"],
];

/** What a VM gets, and how it is made so. */
export const SETUP_OPTIONS: readonly OptionLine[] = [
  ['--package <path>', '.deb, .rpm, directory of binaries, or an https URL'],
  ['--sha256 <hex>', 'sha256 of the package; a URL needs it'],
  ['--vm-address <ip>', "the VM's address in the mesh (the one that routes to istiod)"],
  ['--exclude-ports <ports...>', 'inbound ports that are never captured, besides SSH'],
  ['--mesh-service <name:port>', 'a service of the mesh that the proof reaches: NAME[.NAMESPACE]:PORT[/PATH]'],
  ['--proof-client <vm>', "another VM of the mesh, the client of the proofs (else the VM's own sidecar)"],
  ['--forget <option...>', 'do not repeat this option of the join before: vm-address, exclude-ports, …'],
  ['--no-create', 'do not create the namespace and the service account'],
];
