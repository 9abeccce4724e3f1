import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file of the operator as a whole: beside its place, onto the disk, then renamed, so that neither a reader nor a power cut
 * finds half of it. Throws what the file system throws, with nothing left beside.
 */
export async function replaceFile(path: string, text: string, mode = 0o666): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await onDisk(await open(beside, 'wx', mode), (file) => file.writeFile(text));
    await rename(beside, path);
  } catch (error) {
    // What went wrong first is the thing to tell; without a directory there is nothing to remove either.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  // The name is on the disk too; some network file systems cannot say so.
  await open(dirname(path), 'r')
    .then((folder) => onDisk(folder))
    .catch(() => undefined);
}

async function onDisk(file: FileHandle, write?: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await write?.(file);
    await file.sync();
  } finally {
    await file.close();
  }
}
