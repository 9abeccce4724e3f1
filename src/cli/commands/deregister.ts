import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS } from '../options.ts';

export const deregister: CommandSpec = {
  name: 'deregister',
  summary: 'take a service, or one of its addresses, out of the mesh',
  args: [
    ['<name>', 'name of the service'],
    ['[ip]', 'only this address; else all that meshx registered'],
  ],
  options: [['--keep-service', 'keep the Service that meshx made when its last address goes']],
  common: [...CLUSTER_OPTIONS, ...PLAN_OPTIONS, 'namespace'],
  examples: ['deregister mysqldb 10.150.0.5 -n vm', 'deregister mysqldb -n vm --dry-run'],
  run: async (call) => (await import('../actions/deregister.ts')).deregister(call),
};
