import type { CommandSpec } from '../command.ts';
import { LIVE_CLUSTER_OPTIONS } from '../options.ts';

export const completion: CommandSpec = {
  name: 'completion',
  summary: 'print shell completion for commands, options and values',
  args: [['[shell]', 'bash, zsh, fish or powershell']],
  options: [['--values <kind>', 'contexts, namespaces, groups or hosts']],
  common: [...LIVE_CLUSTER_OPTIONS],
  examples: ['completion bash', 'completion zsh', 'completion --values contexts'],
  run: async (call, all) => (await import('../actions/completion.ts')).completion(call, all),
};
