import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS, VM_OPTIONS } from '../options.ts';

export const down: CommandSpec = {
  name: 'down',
  summary: 'remove VMs from the mesh and undo everything meshx did on them; safe to repeat',
  args: [['<vm...>', 'as for setup-vm; several run in parallel']],
  options: [
    ['--verify', 'compare the machine with its pre-join snapshot; fail on any difference'],
    ['--vm-only', 'only the machine, when its cluster is unreachable'],
    ['--cluster-only', 'only the cluster, when the machine is gone'],
    ['--workload-group <name>', 'WorkloadGroup, if the machine has no record of it (its host name)'],
    ['--vm-address <ip>', 'mesh address of a machine that is gone'],
    ['--restore <path...>', 'undo this file even though something else has changed it'],
    ['--keep <path...>', 'keep the current version of this file, changed by something else'],
    ['--force', 'undo every file, even those changed by something else'],
    ['--parallel <number>', 'number of VMs to remove at once (4)'],
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
