import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS } from '../options.ts';

export const evict: CommandSpec = {
  name: 'evict',
  summary: 'block a lost or cloned VM from the mesh, using only the cluster',
  args: [['<vm>', 'its WorkloadGroup, or the name or address of its WorkloadEntry']],
  options: [['--lift', 'readmit it and restore the deleted objects']],
  common: [...CLUSTER_OPTIONS, ...PLAN_OPTIONS, 'namespace', 'acceptRisk'],
  examples: ['evict istio-vm -n vm --dry-run', 'evict 10.150.0.5 -n vm --yes', 'evict istio-vm -n vm --lift --yes'],
  run: async (call) => (await import('../actions/evict.ts')).evict(call),
};
