import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { errorCode } from '../foreign-error.ts';
import type { Ending, Program } from './program.ts';

/** A program on this machine. A signal's number counts as shells do: 128 and the number. */
export function startProcess(argv: readonly string[], env?: Readonly<Record<string, string | undefined>>): Program {
  const [file = '', ...args] = argv;
  // A group of its own: Ctrl-C in the terminal reaches meshx alone, which then stops the command in its own order.
  const child = execa(file, args, {
    ...{ detached: true, cleanup: false, buffer: false, reject: false, encoding: 'buffer' as const },
    ...{ stdin: 'pipe' as const, stdout: 'pipe' as const, stderr: 'pipe' as const },
    ...(env ? { env: { ...env }, extendEnv: false } : {}),
  });
  const ended = child.then((result): Ending => {
    if (result.exitCode !== undefined) return { exitCode: result.exitCode };
    if (result.signal !== undefined) return { exitCode: 128 + constants.signals[result.signal as NodeJS.Signals] };
    return { lost: result.originalMessage ?? 'it could not be started' };
  });
  const close = () => {
    // Killed before its stdin ends: an end could be taken for the end of a whole file.
    killGroup(child);
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, close };
}

/** The child leads a group of its own; a child that has ended has no group any more. */
function killGroup(child: { pid?: number; exitCode: number | null; signalCode: NodeJS.Signals | null }): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}

/** A shell line whose stdin and stdout are a connection, as ProxyCommand means it. */
export interface Proxy {
  readonly stream: Duplex;
  /** What it wrote to stderr, once it has ended; at most half a second is waited for that. */
  readonly words: () => Promise<string>;
  readonly stop: () => void;
}

export function startProxy(line: string): Proxy {
  // A group of its own: Ctrl-C must not cut the connection on which meshx still ends its work in order.
  const child = execa('sh', ['-c', `exec ${line}`], {
    ...{ detached: true, cleanup: false, buffer: false, reject: false, encoding: 'buffer' as const },
    ...{ stdin: 'pipe' as const, stdout: 'pipe' as const, stderr: 'pipe' as const },
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2000)));
  const ended = child.then(() => undefined);
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const words = async () => {
    await Promise.race([ended, delay(500, undefined, { ref: false })]);
    return text;
  };
  return { stream, words, stop: () => killGroup(child) };
}
