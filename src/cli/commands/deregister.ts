import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS } from '../options.ts';

export const deregister: CommandSpec = {
  name: 'deregister',
  summary: 'remove a service, or one of its addresses, from the mesh',
  args: [
    ['<name>', 'name of the service'],
    ['[ip]', 'only this address (default: everything meshx registered)'],
  ],
  options: [['--keep-service', 'when the last address is removed, keep the Service that meshx created']],
  common: [...CLUSTER_OPTIONS, ...PLAN_OPTIONS, 'namespace'],
  examples: ['deregister mysqldb 10.150.0.5 -n vm', 'deregister mysqldb -n vm --dry-run'],
  run: async (call) => (await import('../actions/deregister.ts')).deregister(call),
};
