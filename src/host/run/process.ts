import { constants } from 'node:os';
import { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { errorCode } from '../foreign-error.ts';
import type { Ending, Program } from './program.ts';

/** In a process group of its own: Ctrl-C reaches meshx alone, which stops commands and connections in order. */
const PIPED = {
  detached: true,
  cleanup: false,
  buffer: false,
  reject: false,
  encoding: 'buffer',
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'pipe',
} as const;

/** Starts a program on this machine. As in shells, the exit code of a signal is 128 plus its number. */
export function startProcess(argv: readonly string[], env?: Readonly<Record<string, string | undefined>>): Program {
  const [file = '', ...args] = argv;
  const child = execa(file, args, { ...PIPED, ...(env && { env: { ...env }, extendEnv: false }) });
  const ended = child.then((result): Ending => {
    if (result.exitCode !== undefined) return { exitCode: result.exitCode };
    if (result.signal !== undefined) return { exitCode: 128 + constants.signals[result.signal as NodeJS.Signals] };
    return { lost: result.originalMessage ?? 'it could not be started' };
  });
  const close = () => {
    // Killed before stdin ends, which the program could take for the end of a file.
    killGroup(child);
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  };
  return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, close };
}

/** Kills the group that the child leads, unless the child has ended. */
function killGroup(child: { pid?: number; exitCode: number | null; signalCode: NodeJS.Signals | null }): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH' && errorCode(error) !== 'EPERM') throw error;
  }
}

/** A shell line whose stdin and stdout are a connection, as with ProxyCommand. */
export interface Proxy {
  readonly stream: Duplex;
  /** Its stderr, after at most half a second of waiting for its end. */
  readonly errors: () => Promise<string>;
  readonly stop: () => void;
}

export function startProxy(line: string): Proxy {
  const child = execa('sh', ['-c', `exec ${line}`], PIPED);
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2000)));
  const ended = child.then(() => undefined);
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const errors = async () => {
    await Promise.race([ended, delay(500, undefined, { ref: false })]);
    return text;
  };
  return { stream, errors, stop: () => killGroup(child) };
}
