import type { CommandSpec } from './command.ts';
import { applyPlan } from './commands/apply.ts';
import { configure } from './commands/configure.ts';
import { deregister } from './commands/deregister.ts';
import { exposeApply, exposeDelete, exposeStatus } from './commands/expose.ts';
import { generateClusterEnv } from './commands/generate-cluster-env.ts';
import { generateDnsmasq } from './commands/generate-dnsmasq.ts';
import { register } from './commands/register.ts';
import { setupVm } from './commands/setup-vm.ts';
import { up } from './commands/up.ts';

/** Every command, in the order of the help. A new command is a new file and a line here. */
export const commands: readonly CommandSpec[] = [
  generateClusterEnv,
  generateDnsmasq,
  exposeApply,
  exposeStatus,
  exposeDelete,
  setupVm,
  configure,
  register,
  deregister,
  up,
  applyPlan,
];
