import type { CommandSpec } from '../command.ts';

export const completion: CommandSpec = {
  name: 'completion',
  summary: 'print shell completion for commands and options',
  args: [['<shell>', 'bash, zsh or fish']],
  options: [],
  common: [],
  examples: ['completion bash', 'completion zsh'],
  run: async (call, all) => (await import('../actions/completion.ts')).completion(call, all),
};
