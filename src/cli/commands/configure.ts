import type { CommandSpec } from '../command.ts';
import { PLAN_OPTIONS, RESTART_OPTIONS, VM_OPTIONS } from '../options.ts';

export const configure: CommandSpec = {
  name: 'configure',
  summary: "change meshx's own keys in the VM's sidecar.env; restart only if something changed",
  args: [['<vm>', 'as for setup-vm']],
  options: [
    ['--service <name>', 'ISTIO_SERVICE'],
    ['--ports <ports...>', 'ISTIO_INBOUND_PORTS: 3306, or 27017,3306,8080'],
    ['--set <KEY=value...>', 'any other key of sidecar.env'],
    ['--unset <KEY...>', 'remove a key'],
  ],
  common: [...VM_OPTIONS, ...PLAN_OPTIONS, ...RESTART_OPTIONS, 'confirmWithin', 'namespace'],
  examples: [
    'configure istio-vm --service mysqldb -n vm --ports 3306',
    'configure istio-vm --ports 27017,3306,8080 --dry-run',
  ],
  run: async (call) => (await import('../actions/configure.ts')).configure(call),
};
