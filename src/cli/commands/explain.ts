import type { CommandSpec } from '../command.ts';

export const explain: CommandSpec = {
  name: 'explain',
  summary: 'explain a problem reported by meshx: what it means and how to fix it',
  args: [['<id>', 'problem id, from the last line of its message']],
  options: [],
  common: [],
  examples: ['explain workload-group-needed'],
  run: async (call) => (await import('../actions/explain.ts')).explain(call),
};
