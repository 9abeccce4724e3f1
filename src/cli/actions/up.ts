import type { Call } from '../command.ts';
import { joinVms } from '../join/join-command.ts';

/** `meshx up VM…`: the same work as setup-vm, for several VMs and with their services. */
export function up(call: Call): Promise<number> {
  return joinVms('up', call);
}
