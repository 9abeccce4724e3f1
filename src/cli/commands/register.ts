import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS } from '../options.ts';

export const register: CommandSpec = {
  name: 'register',
  summary: 'register a service that runs on a machine',
  args: [
    ['<name>', 'name of the service'],
    ['<ip>', 'address of the machine, IPv4 or IPv6'],
    ['<port...>', '3306, http:8080, tcp-mysql=3306'],
  ],
  options: [
    ['-l, --labels <key=value...>', 'labels of the endpoint'],
    ['-a, --annotations <key=value...>', 'annotations of the created objects'],
    ['-s, --service-account <name>', 'service account of the endpoint (default)'],
    ['--network <name>', 'network of the machine, in a multi-network mesh'],
    ['--locality <region/zone>', 'locality of the machine'],
    ['--weight <number>', 'load-balancing weight relative to other endpoints'],
    ['--create-namespace', 'create the namespace and the service account if they are missing'],
  ],
  common: [...CLUSTER_OPTIONS, ...PLAN_OPTIONS, 'namespace'],
  examples: [
    'register mysqldb 10.150.0.5 3306 -n vm',
    '-n onprem register svc1 1.2.3.4 http:7000',
    'register mysqldb 10.150.0.5 3306 http:8080 -n vm --dry-run',
  ],
  run: async (call) => (await import('../actions/register.ts')).register(call),
};
