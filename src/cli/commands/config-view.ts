import type { CommandSpec } from '../command.ts';
import { CIDR_OPTION, CLUSTER_OPTIONS, GROUP_OPTIONS, ISTIOD_OPTIONS, SETUP_OPTIONS, VM_OPTIONS } from '../options.ts';

export const configView: CommandSpec = {
  name: 'config view',
  summary: 'show the settings of a join and where each comes from: option, variable, settings file, or the VM itself',
  args: [['[vm]', 'VM whose settings are shown, with what it remembers of its last join']],
  options: [
    ['--files-only', 'do not log in to the VM'],
    ...SETUP_OPTIONS,
    ...GROUP_OPTIONS,
    CIDR_OPTION,
    ...ISTIOD_OPTIONS,
    ['--parallel <number>', 'number of VMs to join at once'],
  ],
  common: [...CLUSTER_OPTIONS, ...VM_OPTIONS, 'confirmWithin', 'drainTimeout', 'namespace', 'output'],
  examples: ['config view', 'config view db1', 'config view db1 --files-only -o json'],
  run: async (call) => (await import('../actions/config-view.ts')).configView(call),
};
