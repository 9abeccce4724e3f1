import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../../lab/lab.ts';

/** A program of this folder that runs in the network of the lab's hub and answers in lines. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess) {
    this.#process = child;
    if (child.stdout === null) throw new Error('the child has no standard output');
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  }

  /** Starts the program with its input as a file. `nice` is the priority that it gives up. */
  static async start(
    lab: Lab,
    program: 'fleet' | 'caller',
    { file, input, nice }: { readonly file: string; readonly input: unknown; readonly nice: number },
  ): Promise<Child> {
    await writeFile(file, JSON.stringify(input), { mode: 0o600 });
    const script = fileURLToPath(new URL(`${program}.ts`, import.meta.url));
    const node = [process.execPath, '--import', 'tsx', script, file];
    const argv = ['netns', 'exec', lab.names.hub, 'nice', '-n', String(nice), ...node];
    return new Child(spawn('ip', argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** Writes a line and returns the line that answers it. Throws when there is none within these milliseconds. */
  async ask(order: unknown, limitMs: number): Promise<string> {
    this.#process.stdin?.write(`${JSON.stringify(order)}\n`);
    return await this.line(limitMs);
  }

  /** The next line. Throws when there is none within these milliseconds. */
  async line(limitMs: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no line within ${limitMs} ms`)), limitMs);
    });
    try {
      const next = await Promise.race([this.#lines.next(), late]);
      if (next.done === true) throw new Error('the program ended');
      return next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes its standard input and returns what it then writes. */
  async finish(limitMs: number): Promise<string> {
    this.#process.stdin?.end();
    return await this.line(limitMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
