import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isNativeError } from 'node:util/types';
import { decodeText } from '../documents/text.ts';
import { replaceFile } from '../host/replace-file.ts';
import { cliProblems } from '../problems/cli.ts';

/** A file that meshx makes on the operator's machine. */
export interface MadeFile {
  readonly name: string;
  readonly text: string | Uint8Array;
  /** 0600 for secrets; 0644 when absent. */
  readonly mode?: number;
}

/** `unchanged`: the file already had this content and mode, and was not written. */
export interface WrittenFile {
  readonly path: string;
  readonly state: 'written' | 'unchanged';
}

/** Writes each file beside its destination and renames it. Throws `file-not-written`. */
export async function writeFiles(directory: string, files: readonly MadeFile[]): Promise<readonly WrittenFile[]> {
  const written: WrittenFile[] = [];
  for (const file of files) written.push(await writeOne(join(directory, file.name), file));
  return written;
}

async function writeOne(path: string, { text, mode = 0o644 }: MadeFile): Promise<WrittenFile> {
  try {
    if (await isAsWanted(path, text, mode)) return { path, state: 'unchanged' };
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, text, mode);
    return { path, state: 'written' };
  } catch (error) {
    throw cliProblems.fileNotWritten({ path, reason: reasonOf(error) }, error);
  }
}

/** The mode counts for secrets only. A stricter mode of another file stays. */
async function isAsWanted(path: string, text: string | Uint8Array, mode: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile() || (mode === 0o600 && (found.mode & 0o077) !== 0)) return false;
  return Buffer.from(text).equals(await readFile(path));
}

/** Text of a file that the operator named. Throws `file-not-read`. */
export async function readText(path: string, limit = 16 * 1024 * 1024): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > limit) throw new RangeError(`it has ${size} bytes, more than ${limit}`);
    return decodeText(await readFile(path));
  } catch (error) {
    throw cliProblems.fileNotRead({ path, reason: reasonOf(error) }, error);
  }
}

/** Why a file cannot be read or written, in words. */
export function reasonOf(error: unknown): string {
  const code = isNativeError(error) && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'it is a directory',
    ENOTDIR: 'a part of the path is a file',
    ENOSPC: 'no space left on the device',
    EROFS: 'the file system is read-only',
  };
  return words[code] ?? (isNativeError(error) ? error.message : String(error));
}
