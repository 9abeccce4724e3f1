import type { CommandSpec } from '../command.ts';

export const explain: CommandSpec = {
  name: 'explain',
  summary: 'explain a problem that meshx reported: what it means and what to do',
  args: [['<id>', 'id of the problem, from the last line of its message']],
  options: [],
  common: [],
  examples: ['explain workload-group-needed'],
  run: async (call) => (await import('../actions/explain.ts')).explain(call),
};
