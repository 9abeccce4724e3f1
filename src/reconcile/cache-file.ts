import { constants, type FileHandle, mkdir, open } from 'node:fs/promises';

/** Opens a file in a cache of the operator; undefined if it is missing, no file, or of another user. */
export async function openOwnFile(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await file.stat();
    if (found.isFile() && found.uid === process.getuid?.()) return file;
    await file.close();
  } catch {
    // Then its content is made again.
  }
  return undefined;
}

/** A new file that only the operator can read, and its folder; undefined where nothing can be kept. */
export async function createOwnFile(folder: string, path: string): Promise<FileHandle | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await open(path, 'wx', 0o600);
  } catch {
    return undefined;
  }
}
