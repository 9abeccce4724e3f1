import type { CommandSpec } from '../command.ts';
import { up } from './up.ts';

/** `up` under the name of its use: an option that one of them lacked would be another decision than that of the join. */
export const rejoin: CommandSpec = {
  ...up,
  name: 'rejoin',
  args: [['<vm...>', 'as for setup-vm; several run in parallel']],
  summary: 'give VMs that lost their identity new tokens, with the options of their join',
  examples: ['rejoin istio-vm -n vm', 'rejoin web-1 web-2 -n web --dry-run'],
  run: async (call) => (await import('../actions/join.ts')).joinVms('rejoin', call),
};
