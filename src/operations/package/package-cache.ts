import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { tryJson } from '../../documents/json.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { cachedNames, trimCache } from './cache-content.ts';
import { download } from './http-download.ts';
import { type HttpSettings, shownUrl } from './http-get.ts';
import { touch, whileLocked } from './held-lock.ts';

/** What a cache keeps by default, in bytes: about twenty packages. */
export const CACHE_BYTES = 1024 * 1024 * 1024;

/** A file of the network, by its digest. */
export interface Cached extends HttpSettings {
  /** The folder of the cache. */
  readonly folder: string;
  readonly url: URL;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Another run fetches the same file, and this one waits for it. */
  readonly waiting?: () => void;
  /** The file is fetched. */
  readonly fetching?: () => void;
}

/**
 * Path of a file in the cache, which fetches it if it is not there. Runs that need the same file at once share one download. The path
 * is named by the digest, and only a file that had it gets there; the user may have changed it since. Throws `cache-unusable`,
 * `package-download-failed`, `package-sha256-wrong`, and the reason of the signal.
 */
export async function cachedFile(wanted: Cached): Promise<string> {
  const { folder, url, sha256, signal } = wanted;
  await ownFolder(folder);
  const path = join(folder, `${sha256}${endingOf(url)}`);
  if (!(await isKept(path))) {
    const locked = { signal, waiting: wanted.waiting ?? (() => undefined) };
    await whileLocked(join(folder, `${sha256}.lock`), locked, () => fetched(wanted, path)).catch((error: unknown) => {
      throw unusable(folder, error);
    });
  }
  await touch(path);
  return path;
}

async function fetched(wanted: Cached, path: string): Promise<void> {
  const { folder, url, sha256 } = wanted;
  if (await isKept(path)) return;
  wanted.fetching?.();
  const part = join(folder, `${sha256}.part`);
  await download({ ...wanted, part });
  await remember(folder, { sha256, url: shownUrl(url) });
  await rename(part, path);
  await trimCache(folder, CACHE_BYTES, [sha256]);
}

/** The digest of what was fetched from a URL before; undefined if it is no longer here. */
export async function digestOf(folder: string, url: URL): Promise<string | undefined> {
  const names = await cachedNames(folder);
  for (const name of names.filter((each) => each.endsWith('.json'))) {
    const about = await aboutOf(folder, basename(name, '.json'));
    if (about?.url === shownUrl(url) && names.includes(`${about.sha256}${endingOf(url)}`)) return about.sha256;
  }
  return undefined;
}

const About = z.object({ url: z.string().max(4096), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** Where a kept file came from. */
export async function aboutOf(folder: string, sha256: string): Promise<z.infer<typeof About> | undefined> {
  const text = await readFile(join(folder, `${sha256}.json`), 'utf8').catch(() => '');
  const about = About.safeParse(tryJson(text)).data;
  return about?.sha256 === sha256 ? about : undefined;
}

async function remember(folder: string, about: z.infer<typeof About>): Promise<void> {
  const beside = join(folder, `${randomUUID()}.new`);
  await writeFile(beside, `${JSON.stringify(about)}\n`, { mode: 0o600 });
  await rename(beside, join(folder, `${about.sha256}.json`));
}

function endingOf({ pathname }: URL): string {
  return pathname.endsWith('.rpm') ? '.rpm' : '.deb';
}

async function isKept(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** For this user alone. Throws `cache-unusable`. */
async function ownFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = await stat(folder);
    if (uid !== process.getuid?.())
      throw packageProblems.cacheUnusable({ folder, reason: 'it belongs to another user' });
    if ((mode & 0o077) !== 0) await chmod(folder, 0o700);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/** Errors of the file system have a code and a path; others are explained already. */
function unusable(folder: string, error: unknown): unknown {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || typeof path !== 'string') return error;
  return packageProblems.cacheUnusable({ folder, reason: message }, error);
}
