import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Attempt, Failure } from './attempt.ts';
import type { Method } from './method.ts';
import { failed, ok, type ProbeResult } from './probe.ts';
import { run } from './program.ts';
import { plain } from './reason.ts';

const WRITABLE_BY_OTHERS = 0o022;
const ROOT = 0;

/** Ready if the program exits with 0. The first line that it prints is the reason. */
export async function exec({ command }: Method<'exec'>, attempt: Attempt): Promise<ProbeResult> {
  const [file, ...args] = command;
  // The checked file itself: a link on the way to it may be someone else's.
  const { code, stdout, stderr } = await run(attempt, [await trustedFile(file), ...args], file);
  const said = plain(firstLine(stdout) || firstLine(stderr), 120);
  if (code === 0) return ok(said || 'exit code 0');
  return failed(`${code === undefined ? 'ended by a signal' : `exit code ${code}`}${said ? `: ${said}` : ''}`);
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

/**
 * The program without links. Throws a Failure unless it and each folder above it belong to root and no one else may write there.
 */
async function trustedFile(file: string): Promise<string> {
  const real = await realpath(file).catch((): never => {
    throw new Failure(`cannot find ${file}`);
  });
  for (let path = real; ; path = dirname(path)) {
    const { uid, mode } = await lstat(path);
    if (uid !== ROOT) throw new Failure(`${path} does not belong to root`);
    if ((mode & WRITABLE_BY_OTHERS) !== 0) throw new Failure(`${path} is writable by others than root`);
    if (path === '/') return real;
  }
}
