import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { present } from '../../present.ts';
import type { World } from '../../world.ts';
import { cacheFolder } from '../join/cache.ts';
import { cachedNames, type KeptFile, keptFiles, trimCache } from './cache-content.ts';
import { aboutOf, CACHE_BYTES } from './package-cache.ts';

/** One file in the operator's cache. */
export interface CacheFile extends KeptFile {
  /** `packages` were downloaded, `packed` are programs and packages that were packed for the way to VMs. */
  readonly folder: CacheFolder;
  /** The digest in its name. */
  readonly sha256?: string;
  /** Where it was downloaded from. */
  readonly from?: string;
}

type CacheFolder = 'packages' | 'packed';
const FOLDERS: readonly CacheFolder[] = ['packages', 'packed'];

/** What the operator's cache holds. */
export interface CacheReport {
  /** Both folders, whether they exist or not. */
  readonly folders: readonly string[];
  /** The newest first in each folder. */
  readonly files: readonly CacheFile[];
  readonly bytes: number;
  /** What is kept of downloads at most. */
  readonly mostBytes: number;
}

/** Lists the operator's cache. Only reads. */
export async function listCache(world: World): Promise<CacheReport> {
  const files = (await Promise.all(FOLDERS.map((folder) => filesOf(world, folder)))).flat();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { folders: FOLDERS.map((folder) => cacheFolder(world, folder)), files, bytes, mostBytes: CACHE_BYTES };
}

async function filesOf(world: World, folder: CacheFolder): Promise<readonly CacheFile[]> {
  const path = cacheFolder(world, folder);
  const files = (await keptFiles(path)).filter(({ name }) => !name.endsWith('.json'));
  return await Promise.all(
    files.map(async (file) => {
      const sha256 = /^[0-9a-f]{64}/.exec(file.name)?.[0];
      const about = sha256 === undefined ? undefined : await aboutOf(path, sha256);
      return { ...file, folder, ...present({ sha256, from: about?.url }) };
    }),
  );
}

/** What `pruneCache` removed. */
export interface Pruned {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Removes what was not used for longest until so many bytes are left in each folder, or everything. Without `all`, what a run used in
 * the last hour stays.
 */
export async function pruneCache(
  world: World,
  { mostBytes, all }: { readonly mostBytes: number; readonly all: boolean },
): Promise<Pruned> {
  const removed = await Promise.all(
    FOLDERS.map((folder) => {
      const path = cacheFolder(world, folder);
      return all ? emptied(path) : trimCache(path, mostBytes);
    }),
  );
  const files = removed.flat();
  return { files: files.length, bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) };
}

async function emptied(folder: string): Promise<readonly KeptFile[]> {
  const files = await keptFiles(folder);
  for (const name of await cachedNames(folder)) await rm(join(folder, name), { recursive: true, force: true });
  return files;
}
