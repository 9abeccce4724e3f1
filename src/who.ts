import { hostname } from 'node:os';
import type { World } from './world.ts';

/** `user@workstation`, as the lock, the audit and the dead-man switch record it; sudo on the workstation hides no one. */
export function whoOf({ env }: Pick<World, 'env'>): string {
  return `${env['SUDO_USER'] ?? env['USER'] ?? env['LOGNAME'] ?? 'unknown'}@${hostname()}`;
}
