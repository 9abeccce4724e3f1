import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createOwnFile } from '../../reconcile/cache-file.ts';
import { fileSha256 } from '../../reconcile/sha256.ts';
import { repackWithZstd } from '../../vm/package/zstd-deb.ts';
import type { OpenedPackage } from '../../vm/sidecar-package.ts';
import type { World } from '../../world.ts';
import { cacheFolder } from '../join/cache.ts';
import { cachedNames, trimCache } from './cache-content.ts';
import { touch } from './held-lock.ts';
import { CACHE_BYTES } from './package-cache.ts';

/**
 * Gives a package as zstd packed it, if the operator's cache has that: it is smaller, and dpkg unpacks it faster. What the cache lacks is
 * packed beside the run, for the next VMs; the package is sent as published meanwhile, and also wherever it cannot be packed. `sha256`
 * remains that of the published package, and `source` has that of the bytes which are sent. Never throws.
 */
export function packedByZstd(world: World): (opened: OpenedPackage) => Promise<OpenedPackage> {
  const kept = new Map<string, Promise<OpenedPackage | undefined>>();
  const begun = new Set<string>();
  return async (opened) => {
    const { sha256 } = opened;
    const packed = await (kept.get(sha256) ?? keptPackage(world, opened));
    if (packed) kept.set(sha256, Promise.resolve(packed));
    else if (!begun.has(sha256)) void pack(world, opened).catch(() => undefined);
    begun.add(sha256);
    return packed ?? opened;
  };
}

/** `PUBLISHED.zstd-SENT.deb`: the digests of the published package and of this file. */
const NAME = /^([0-9a-f]{64})\.zstd-([0-9a-f]{64})\.deb$/;

async function keptPackage(world: World, opened: OpenedPackage): Promise<OpenedPackage | undefined> {
  const folder = cacheFolder(world, 'packages');
  for (const name of await cachedNames(folder)) {
    const [, published, sha256 = ''] = NAME.exec(name) ?? [];
    if (published !== opened.sha256) continue;
    const file = join(folder, name);
    if ((await fileSha256(file, world.signal).catch(() => '')) === sha256) {
      await touch(file);
      return { ...opened, source: { file, sha256 }, bytes: (await stat(file)).size };
    }
    await rm(file, { force: true }).catch(() => undefined);
  }
  return undefined;
}

async function pack(world: World, { format, source, sha256 }: OpenedPackage): Promise<void> {
  if (format !== 'deb' || !('file' in source)) return;
  const folder = cacheFolder(world, 'packages');
  const beside = join(folder, `${randomUUID()}.new`);
  try {
    await using file = await createOwnFile(folder, beside);
    if (!file || !(await repackWithZstd(source.file, file, world))) return;
    const sent = await fileSha256(beside, world.signal);
    await rename(beside, join(folder, `${sha256}.zstd-${sent}.deb`));
    await trimCache(folder, CACHE_BYTES, [sha256]);
  } finally {
    await rm(beside, { force: true });
  }
}
