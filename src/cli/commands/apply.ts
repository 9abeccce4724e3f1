import type { CommandSpec } from '../command.ts';
import { CLUSTER_OPTIONS, PLAN_OPTIONS, RESTART_OPTIONS, VM_OPTIONS } from '../options.ts';

export const applyPlan: CommandSpec = {
  name: 'apply',
  summary: 'apply a plan saved by setup-vm --dry-run --out; refuse if the VM has changed since',
  args: [['<plan>', 'plan file']],
  options: [],
  common: [...CLUSTER_OPTIONS, ...VM_OPTIONS, ...PLAN_OPTIONS, ...RESTART_OPTIONS, 'confirmWithin'],
  examples: ['apply plan.json', 'apply plan.json --dry-run'],
  run: async (call) => (await import('../actions/apply.ts')).applyKeptPlan(call),
};
