import type { CommandSpec } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

export const sudoers: CommandSpec = {
  name: 'sudoers',
  summary: 'print, or install on a VM, what a user who is not root needs there',
  args: [['[vm]', 'VM to install it on; this machine when none is named']],
  options: [
    ['--for <user>', 'who gets the right: a user, #UID, %GROUP or %#GID'],
    ['--install', 'put program and line there; needs root once'],
    ['--print-program', 'print the root program in place of the line'],
  ],
  common: [...VM_OPTIONS, 'dryRun', 'exitCode', 'output'],
  examples: ['sudoers --for deploy', 'sudoers root@istio-vm --for deploy --install', 'sudoers --print-program'],
  run: async (call) => (await import('../actions/sudoers.ts')).sudoers(call),
};
