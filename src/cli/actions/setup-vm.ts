import type { Call } from '../command.ts';
import { joinVms } from '../join/join-command.ts';

/** `meshx setup-vm VM` */
export function setupVm(call: Call): Promise<number> {
  return joinVms('setup-vm', call);
}
