import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, ISTIOD_OPTIONS, PLAN_OPTIONS, RESTART_OPTIONS, VM_OPTIONS } from '../options.ts';

export const rejoin: CommandSpec = {
  name: 'rejoin',
  summary: 'give VMs that lost their identity new tokens, with the options of their join',
  args: [['<vm...>', 'as for setup-vm; several run in parallel']],
  options: [...ISTIOD_OPTIONS, ['--parallel <number>', 'number of VMs to rejoin at once (4)']],
  common: [
    ...CLUSTER_OPTIONS,
    ...VM_OPTIONS,
    ...PLAN_OPTIONS,
    ...RESTART_OPTIONS,
    'confirmWithin',
    'namespace',
    'acceptRisk',
  ],
  examples: ['rejoin istio-vm -n vm', 'rejoin web-1 web-2 -n web --dry-run'],
  run: async (call) => (await import('../actions/join.ts')).joinVms('rejoin', call),
};
