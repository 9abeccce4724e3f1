import { spawn } from 'node:child_process';
import { type Attempt, Failure, reasonOf } from './attempt.ts';

const OUTPUT = 4096;
/** Milliseconds for the end of the output after the program has ended; a daemon that it started may hold the pipes open. */
const HELD_OPEN_MS = 200;

export interface Ran {
  /** The exit code; undefined if a signal ended the program. */
  readonly code: number | undefined;
  /** The first 4 KiB of its output. */
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program without a shell in a process group of its own, with no input and a small environment. The group is killed when the
 * attempt ends, and what the program left behind when it ends. `argv0` is the name that the program sees. Throws a Failure if it cannot be started.
 */
export function run(attempt: Attempt, [file = '', ...args]: readonly string[], argv0 = file): Promise<Ran> {
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
  const child = spawn(file, args, { argv0, detached: true, cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = head(child.stdout);
  const stderr = head(child.stderr);
  const end = (): void => {
    killGroup(child.pid);
    child.stdout.destroy();
    child.stderr.destroy();
  };
  attempt.onEnd(end);
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Failure(`cannot start ${file}: ${reasonOf(error)}`)));
    child.once('exit', (code) => {
      killGroup(child.pid);
      const done = (): void => {
        clearTimeout(timer);
        resolve({ code: code ?? undefined, stdout: stdout(), stderr: stderr() });
        end();
      };
      const timer = setTimeout(done, HELD_OPEN_MS);
      child.once('close', done);
    });
  });
}

/** Keeps the start of a stream and discards the rest: a full pipe would block the program. */
function head(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = [];
  let length = 0;
  stream.on('data', (part: Buffer) => {
    if (length < OUTPUT) parts.push(part);
    length += part.length;
  });
  return () => Buffer.concat(parts).subarray(0, OUTPUT).toString();
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}
