import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of the cache. */
export interface KeptFile {
  readonly name: string;
  readonly bytes: number;
  /** When a run last used it. */
  readonly used: Date;
}

/** A plan may still name what a run has just used, and what it writes has no other name yet. */
const IN_USE_MS = 60 * 60_000;

/** Names in a folder; none if it does not exist. */
export async function cachedNames(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch(() => []);
}

/** The files of a folder, the newest first. */
export async function keptFiles(folder: string): Promise<readonly KeptFile[]> {
  const found = await Promise.all((await cachedNames(folder)).map((name) => keptFile(folder, name)));
  return found.flat().sort((a, b) => b.used.getTime() - a.used.getTime());
}

async function keptFile(folder: string, name: string): Promise<readonly KeptFile[]> {
  return lstat(join(folder, name)).then(
    (found) => (found.isFile() ? [{ name, bytes: found.size, used: found.mtime }] : []),
    () => [],
  );
}

/**
 * Removes what was not used for longest until so many bytes are left, and what an interrupted run left a day ago. Files of these
 * digests stay, and files of the last hour. Returns what was removed. Throws what the file system throws.
 */
export async function trimCache(
  folder: string,
  mostBytes: number,
  spared: readonly string[] = [],
): Promise<readonly KeptFile[]> {
  const files = await keptFiles(folder);
  let kept = 0;
  const removed = files.filter(isContent).filter((file) => {
    kept += file.bytes;
    const isSpared = spared.some((digest) => file.name.startsWith(digest)) || !isOld(file.used);
    return !isSpared && (kept > mostBytes || isLeftover(file));
  });
  const left = files.filter((file) => isContent(file) && !removed.includes(file));
  const gone = [...removed, ...files.filter((file) => isAboutOf(file, removed) && !isAboutOf(file, left))];
  for (const { name } of gone) await rm(join(folder, name), { force: true });
  return gone;
}

function isOld(used: Date): boolean {
  return Date.now() - used.getTime() > IN_USE_MS;
}

/** Of a download that no run continued for a day. */
function isLeftover({ name, used }: KeptFile): boolean {
  return /\.(part|lock|new)$/.test(name) && Date.now() - used.getTime() > 24 * IN_USE_MS;
}

/** A small file says where another one came from. */
function isContent({ name }: KeptFile): boolean {
  return !name.endsWith('.json');
}

function isAboutOf({ name }: KeptFile, files: readonly KeptFile[]): boolean {
  return files.some((file) => name === `${file.name.split('.')[0]}.json`);
}
