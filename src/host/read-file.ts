import { readFile } from 'node:fs/promises';
import { hostProblems } from '../problems/host.ts';
import { errorCode, errorText } from './foreign-error.ts';

/** The text of a file of the operator; undefined when there is none. Throws a Problem when it cannot be read. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw hostProblems.fileUnreadable({ file, reason: errorText(error) }, error);
  }
}
