import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

export const sudoers: CommandSpec = {
  name: 'sudoers',
  summary: 'print or install the sudo rule that a non-root user needs on a VM',
  args: [['[vm]', 'VM to install it on (default: this machine)']],
  options: [
    ['--for <user>', 'who may use the rule: a user, #UID, %GROUP or %#GID'],
    ['--install', 'install the program and the sudoers line; needs root once'],
    ['--print-program', 'print the root program instead of the sudoers line'],
  ],
  common: [...VM_OPTIONS, 'dryRun', 'exitCode', 'output'],
  examples: ['sudoers --for deploy', 'sudoers root@istio-vm --for deploy --install', 'sudoers --print-program'],
  run: async (call) => (await import('../actions/sudoers.ts')).sudoers(call),
};
