import { readFile } from 'node:fs/promises';
import { hostProblems } from '../problems/host.ts';
import { errorCode, errorText } from './foreign-error.ts';

/** The text of an operator's file; undefined if it does not exist. Throws a Problem if it cannot be read. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw hostProblems.fileUnreadable({ file, reason: errorText(error) }, error);
  }
}
