import { join } from 'node:path';
import type { World } from '../../world.ts';

/** A folder of meshx among the caches of the operator (XDG Base Directory Specification). It may not exist yet. */
export function cacheFolder(
  { env, home }: Pick<World, 'env' | 'home'>,
  name: 'packages' | 'packed' | 'digests',
): string {
  return join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'meshx', name);
}
