import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS, RESTART_OPTIONS, VM_OPTIONS } from '../options.ts';

export const rollback: CommandSpec = {
  name: 'rollback',
  summary: 'go back to the package of the sidecar that the VM had before the present one',
  args: [['<vm>', 'as for setup-vm']],
  options: [
    ['--workload-group <name>', 'its WorkloadGroup, instead of what its membership record says'],
    ['--vm-address <ip>', 'its address in the mesh, instead of the recorded one'],
  ],
  common: [...CLUSTER_OPTIONS, ...VM_OPTIONS, ...PLAN_OPTIONS, ...RESTART_OPTIONS, 'confirmWithin', 'namespace'],
  examples: ['rollback istio-vm --dry-run', 'rollback istio-vm --restart --yes'],
  run: async (call) => (await import('../actions/rollback.ts')).rollback(call),
};
