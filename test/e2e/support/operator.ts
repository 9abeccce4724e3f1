import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Ran } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/** A run of meshx that the test holds in its hand: it can be stopped, continued and killed. */
export class Operator implements Disposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ran>;

  constructor(lab: Lab, args: readonly string[]) {
    const [program = '', ...rest] = lab.meshxArgv(args);
    const child = spawn(program, rest, { cwd: lab.home, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    this.#child = child;
    this.ended = once(child, 'close').then(() => ({ exitCode: child.exitCode ?? 128, stdout, stderr }));
  }

  /** The prefix commands exec the program, so the signal reaches meshx. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL' | 'SIGINT'): void {
    this.#child.kill(name);
  }

  [Symbol.dispose](): void {
    this.signal('SIGKILL');
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}
