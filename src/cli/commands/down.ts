import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS, VM_OPTIONS } from '../options.ts';

export const down: CommandSpec = {
  name: 'down',
  summary: 'take VMs out of the mesh and undo all that meshx did there; safe to repeat',
  args: [['<vm...>', 'as for setup-vm; several are done side by side']],
  options: [
    ['--verify', 'compare the machine with how it was before its first setup-vm; fail on a difference'],
    ['--vm-only', 'the machine alone: its cluster cannot be reached'],
    ['--cluster-only', 'the cluster alone: the machine is gone'],
    ['--workload-group <name>', 'WorkloadGroup of a machine that does not say it itself (its host name)'],
    ['--vm-address <ip>', 'address in the mesh of a machine that is gone'],
    ['--restore <path...>', 'undo this file although somebody else changed it since'],
    ['--keep <path...>', 'leave this file, which somebody else changed since, as it is'],
    ['--force', 'undo every file that somebody else changed since'],
    ['--parallel <number>', 'how many VMs at once (4)'],
  ],
  common: [...CLUSTER_OPTIONS, ...VM_OPTIONS, ...PLAN_OPTIONS, 'drainTimeout', 'namespace'],
  examples: [
    'down istio-vm --dry-run',
    'down istio-vm --verify --yes',
    'down istio-vm --restore /etc/nsswitch.conf --yes',
    'down istio-vm --cluster-only -n vm --yes',
  ],
  run: async (call) => (await import('../actions/down.ts')).down(call),
};
