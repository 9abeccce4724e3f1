import type { CommandSpec } from '../command.ts';

export const explain: CommandSpec = {
  name: 'explain',
  summary: 'explain a problem or a check of meshx: what it means and how to fix it',
  args: [['<id>', 'id of a problem, from the last line of its message, or of a check']],
  options: [],
  common: [],
  examples: ['explain workload-group-needed', 'explain target-port'],
  run: async (call) => (await import('../actions/explain.ts')).explain(call),
};
