import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

export const proxy: CommandSpec = {
  name: 'proxy',
  summary: "show what a VM's sidecar has received, in the layout of istioctl proxy-config",
  args: [
    ['<vm>', 'as for setup-vm; left out with --file'],
    ['[view]', 'routes, clusters, listeners, endpoints, bootstrap, certificates, stats or log-level'],
  ],
  options: [
    ['-f, --file <file>', 'read a saved answer: of /config_dump, for endpoints of /clusters?format=json'],
    ['--details', 'routes: domains, clusters, timeouts, operations; clusters: limits, endpoints, failures'],
    ['--fqdn <text>', 'clusters: part of the service name'],
    ['--port <number>', 'clusters, listeners, endpoints: the port'],
    ['--direction <direction>', 'clusters: inbound or outbound'],
    ['--subset <text>', 'clusters: part of the subset'],
    ['--name <name>', 'routes: the table; stats: part of the name'],
    ['--type <type>', 'listeners: HTTP, TCP or HTTP+TCP'],
    ['--address <ip>', 'listeners, endpoints: the address'],
    ['--status <status>', 'endpoints: healthy, unhealthy, draining, …'],
    ['--cluster <name>', 'endpoints: the whole name of the cluster'],
    ['--level <level...>', 'log-level: set LOGGER:LEVEL, or LEVEL for all, until the sidecar restarts'],
    ['--reset', 'log-level: set all to warning'],
    ['--ssh-port <number>', 'SSH port'],
  ],
  common: [...VM_OPTIONS.filter((name) => name !== 'port' && name !== 'root'), 'output'],
  examples: [
    'proxy istio-vm routes --name 8080 --details',
    'proxy istio-vm clusters --fqdn mysqldb --direction outbound',
    'proxy istio-vm log-level --level connection:debug',
    'proxy --file dump.json listeners --port 15006',
  ],
  run: async (call) => (await import('../actions/proxy.ts')).proxy(call),
};
