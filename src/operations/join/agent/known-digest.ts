import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createOwnFile, openOwnFile } from '../../../reconcile/cache-file.ts';
import { fileSha256, sha256 } from '../../../reconcile/sha256.ts';

/** Milliseconds. A digest that is no longer right is forgotten after a day. */
const KEPT_FOR = 86_400_000;
/** Milliseconds. What was written a moment ago may be written once more without a change of its times. */
const SETTLES_IN = 2000;

/**
 * The sha256 of a file, which takes a tenth of a second for an executable. The folder keeps it for a day, beside device, inode, size and
 * times of the file. The machine compares what it receives, so a wrong one installs nothing. Throws what `fileSha256` throws.
 */
export async function knownSha256(path: string, folder: string, signal: AbortSignal): Promise<string> {
  const kept = join(folder, sha256(path));
  const before = await identityOf(path);
  const known = await readKept(kept, before);
  if (known !== undefined) return known;
  const found = await fileSha256(path, signal);
  if (before !== undefined && before === (await identityOf(path))) await keep(folder, kept, `${before} ${found}\n`);
  return found;
}

/** undefined while the file may still change unseen. */
async function identityOf(path: string): Promise<string | undefined> {
  const { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs } = await stat(path, { bigint: true });
  const isSettled = [mtimeMs, ctimeMs].every((each) => Number(each) + SETTLES_IN < Date.now());
  return isSettled ? [dev, ino, size, mtimeNs, ctimeNs].join(' ') : undefined;
}

async function readKept(path: string, identity: string | undefined): Promise<string | undefined> {
  if (identity === undefined) return undefined;
  await using file = await openOwnFile(path);
  if (file === undefined || (await file.stat()).mtimeMs + KEPT_FOR < Date.now()) return undefined;
  const [, of, digest] = /^([\d ]+) ([0-9a-f]{64})\n$/.exec(await file.readFile('latin1')) ?? [];
  return of === identity ? digest : undefined;
}

/** Where nothing can be kept, the next run computes it again. */
async function keep(folder: string, path: string, text: string): Promise<void> {
  const beside = `${path}.${randomUUID()}.new`;
  await using file = await createOwnFile(folder, beside);
  if (file === undefined) return;
  await file
    .writeFile(text)
    .then(() => rename(beside, path))
    .catch(() => rm(beside, { force: true }))
    .catch(() => undefined);
}
