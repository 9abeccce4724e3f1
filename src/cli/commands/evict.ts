import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS } from '../options.ts';

export const evict: CommandSpec = {
  name: 'evict',
  summary: 'keep a lost or cloned VM out of the mesh, by the cluster alone',
  args: [['<vm>', 'name of its WorkloadGroup, or name or address of its WorkloadEntry']],
  options: [['--lift', 'let it in again: what was taken away is made anew']],
  common: [...CLUSTER_OPTIONS, ...PLAN_OPTIONS, 'namespace', 'acceptRisk'],
  examples: ['evict istio-vm -n vm --dry-run', 'evict 10.150.0.5 -n vm --yes', 'evict istio-vm -n vm --lift --yes'],
  run: async (call) => (await import('../actions/evict.ts')).evict(call),
};
