import { constants, open, stat } from 'node:fs/promises';
import { isForeign, isWritable, WRITABLE_BY_OTHERS } from '../host/trusted-path.ts';

/** What a file must be to choose what the operator's command does. */
export interface FileRules {
  /** Mode bits that it may not have: those of the users who could change it. */
  readonly writable: number;
  readonly mostKib: number;
}

/** Only its owner may change it, as ssh requires of its configuration. */
export const OWNER_ONLY = WRITABLE_BY_OTHERS;

/** The content of a file, or why it is not trusted. */
export type JudgedFile = { readonly bytes: Buffer } | { readonly refused: string };

/** Reads a file of the operator or of root. Undefined if there is none. A device or a pipe is not even opened. */
export async function readJudged(path: string, rules: FileRules): Promise<JudgedFile | undefined> {
  try {
    const refused = refusal(await stat(path), rules);
    return refused === undefined ? await readOpened(path, rules) : { refused };
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return MISSING.has(code) ? undefined : { refused: code || message };
  }
}

const MISSING = new Set(['ENOENT', 'ENOTDIR']);

/** Judges what is read: meanwhile another file, or a pipe, may have taken the place of the one that was looked at. */
async function readOpened(path: string, rules: FileRules): Promise<JudgedFile> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const refused = refusal(await file.stat(), rules);
    if (refused !== undefined) return { refused };
    const most = rules.mostKib * 1024;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(most + 1), 0, most + 1, 0);
    return bytesRead > most ? { refused: tooLarge(rules) } : { bytes: buffer.subarray(0, bytesRead) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { refused: code ?? message };
  }
}

interface FileState {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly size: number;
  readonly isFile: () => boolean;
}

/** As ssh judges its configuration and git a repository: another user must not choose what the operator's command does. */
function refusal(found: FileState, rules: FileRules): string | undefined {
  if (!found.isFile()) return 'it is not a regular file';
  if (found.size > rules.mostKib * 1024) return tooLarge(rules);
  if (isForeign(found)) return 'it belongs to another user';
  return isWritable(found, rules.writable) ? 'other users can change it' : undefined;
}

function tooLarge({ mostKib }: FileRules): string {
  return `it is larger than ${mostKib} KiB`;
}
