import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, LIVE_VM_OPTIONS } from '../options.ts';

export const version: CommandSpec = {
  name: 'version',
  summary: 'show the versions of this program, of istiod, and of the VMs',
  args: [],
  options: [
    ['--client', 'only this program, without a cluster'],
    ['--deep', 'also read the versions of sidecar and agent on each VM, over SSH'],
    ['--parallel <number>', 'how many VMs are read in parallel (8)'],
  ],
  common: [...CLUSTER_OPTIONS, 'namespace', ...LIVE_VM_OPTIONS, 'output'],
  examples: ['version', 'version --client -o json', 'version --deep -n vm'],
  run: async (call) => (await import('../actions/version.ts')).version(call),
};
