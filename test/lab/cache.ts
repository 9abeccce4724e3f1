import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Names } from './names.ts';

/** Something that takes minutes to build and depends on nothing but its inputs. */
export interface Recipe {
  /** `tools-istio`; the folder in the cache is NAME-HASH. */
  readonly name: string;
  /** Texts that decide what comes out: a change of one is a new build. */
  readonly inputs: readonly string[];
  readonly build: (folder: string) => Promise<void>;
}

/**
 * The folder of a recipe, built when it is missing. It is built aside and renamed when it is whole, so a build that
 * died is never taken for a result; a second lab that wants the same waits for the first.
 */
export async function built(names: Names, recipe: Recipe, note: (line: string) => void): Promise<string> {
  const folder = cachedFolder(names, recipe);
  if (existsSync(folder)) return folder;
  await mkdir(names.cache, { recursive: true });
  const unlock = await lock(join(names.cache, `${recipe.name}.lock`));
  try {
    if (existsSync(folder)) return folder;
    const aside = `${folder}.building`;
    await rm(aside, { recursive: true, force: true });
    await mkdir(aside);
    const start = Date.now();
    note(`building ${recipe.name}`);
    await recipe.build(aside);
    await rename(aside, folder);
    note(`built ${recipe.name} in ${Math.round((Date.now() - start) / 1000)} s`);
  } finally {
    await unlock();
  }
  return folder;
}

function cachedFolder(names: Names, recipe: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify(recipe.inputs)).digest('hex').slice(0, 12);
  return join(names.cache, `${recipe.name}-${hash}`);
}

/** Removes the cache. Refused while a lab has a VM on one of its root file systems. */
export async function purge(names: Names): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8');
  if (mounts.includes(`lowerdir=${names.cache}/`))
    throw new Error(`${names.cache} is in use by a running VM: first lab down`);
  const entries = await readdir(names.cache).catch(() => []);
  for (const entry of entries) await rm(join(names.cache, entry), { recursive: true, force: true });
  await rm(names.cache, { recursive: true, force: true });
}

/** flock(1) holds the lock for as long as its standard input is open, so a dead process never keeps it. */
async function lock(file: string): Promise<() => Promise<void>> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => holder.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => resolve());
    holder.once('error', reject);
    holder.once('close', (code) => reject(new Error(`flock ${file} exited with ${code}`)));
  });
  return async () => {
    holder.stdin.end();
    await ended;
  };
}
