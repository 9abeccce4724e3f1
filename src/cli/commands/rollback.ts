import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS, RESTART_OPTIONS, VM_OPTIONS } from '../options.ts';

export const rollback: CommandSpec = {
  name: 'rollback',
  summary: 'reinstall the sidecar package that the VM had before the current one',
  args: [['<vm>', 'as for setup-vm']],
  options: [
    ['--workload-group <name>', 'its WorkloadGroup (default: from its membership record)'],
    ['--vm-address <ip>', 'its mesh address (default: the recorded one)'],
  ],
  common: [...CLUSTER_OPTIONS, ...VM_OPTIONS, ...PLAN_OPTIONS, ...RESTART_OPTIONS, 'confirmWithin', 'namespace'],
  examples: ['rollback istio-vm --dry-run', 'rollback istio-vm --restart --yes'],
  run: async (call) => (await import('../actions/rollback.ts')).rollback(call),
};
