import { closeSync, constants, fchmodSync, fstatSync, openSync, writeSync } from 'node:fs';
import { isNativeError } from 'node:util/types';
import { cliProblems } from '../../problems/cli.ts';
import { Redactor } from '../../operations/bugreport/redact.ts';
import { visible } from '../../visible.ts';
import type { Lines, World } from '../../world.ts';

/** A log that keeps all lines of a run, whatever the terminal shows. */
export interface LogFile {
  readonly add: (lines: Lines) => void;
  readonly close: () => void;
}

/** For its owner alone, whatever the umask. */
const MODE = 0o600;

/**
 * Opens a log to append to, for its owner alone. Each line has its time; secrets are removed. A disk that is full ends the log, not the
 * run. Throws `file-not-written`, also for anything but a regular file.
 */
export function openLog(path: string, now: World['now'], secrets: readonly string[]): LogFile {
  const file = opened(path);
  const redactor = new Redactor(secrets);
  let isWritable = true;
  const write = (line: string): void => {
    try {
      if (isWritable) writeSync(file, `${now().toISOString()} ${line}\n`);
    } catch {
      isWritable = false;
    }
  };
  // A secret may have several lines, and a line break inside a line must not look like the next one.
  const add: LogFile['add'] = (lines) =>
    redactor.text([lines].flat().map(visible).join('\n')).split('\n').forEach(write);
  return { add, close: () => closeSync(file) };
}

function opened(path: string): number {
  try {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
    const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, MODE);
    const found = fstatSync(file);
    if (!found.isFile()) throw new TypeError('it is not a regular file');
    // Root could write it, and its owner, or who has it open already, would read along.
    if (found.uid !== process.getuid?.()) throw new TypeError('it belongs to another user');
    fchmodSync(file, MODE);
    return file;
  } catch (error) {
    throw cliProblems.fileNotWritten({ path, reason: isNativeError(error) ? error.message : String(error) }, error);
  }
}
