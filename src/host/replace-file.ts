import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces an operator's file atomically: writes beside it, syncs and renames, so neither a reader nor a power cut finds half of it.
 * Throws what the file system throws, and leaves nothing beside it.
 */
export async function replaceFile(path: string, text: string | Uint8Array, mode = 0o666): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await onDisk(await open(beside, 'wx', mode), (file) => file.writeFile(text));
    await rename(beside, path);
  } catch (error) {
    // Report the first failure; without a directory there is nothing to remove.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  // Sync the directory entry; some network file systems cannot.
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
