import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, LIVE_VM_OPTIONS } from '../options.ts';

export const bugreport: CommandSpec = {
  name: 'bugreport',
  summary: 'collect what explains a fault, of the cluster and of VMs, in one archive without secrets',
  args: [['[vm...]', 'as for setup-vm (default: the cluster only)']],
  options: [['-o, --output <path>', 'file or folder to write (meshx-bugreport-ID.tar.gz in the working directory)']],
  common: [...CLUSTER_OPTIONS, 'namespace', ...LIVE_VM_OPTIONS],
  examples: ['bugreport istio-vm', 'bugreport db-1 db-2 -n vm -o /tmp/fault.tar.gz', 'bugreport'],
  run: async (call) => (await import('../actions/bugreport.ts')).bugreport(call),
};
