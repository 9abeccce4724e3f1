import { hostname } from 'node:os';
import type { World } from './world.ts';

/** Who runs which meshx, as lock, audit and dead-man switch record it. */
export interface Author {
  /** `user@workstation`; sudo on the workstation hides no one. */
  readonly who: string;
  /** Version of meshx. */
  readonly meshx: string;
}

export function authorOf({ env, version }: Pick<World, 'env' | 'version'>): Author {
  const user = env['SUDO_USER'] ?? env['USER'] ?? env['LOGNAME'] ?? 'unknown';
  return { who: `${user}@${hostname()}`, meshx: version };
}
