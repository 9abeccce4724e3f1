import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

/** A program that stays open: a login that prints, a database client that waits. */
export class Session implements Disposable {
  readonly #child: ChildProcessWithoutNullStreams;
  /** All that it printed, standard output and error together. */
  output = '';
  /** When it printed last, milliseconds since 1970. */
  lastOutput = 0;
  ended = false;
  /** Undefined until the end, and after a signal. */
  exitCode: number | undefined;

  constructor(argv: readonly string[]) {
    const [program = '', ...args] = argv;
    this.#child = spawn(program, args, { stdio: 'pipe' });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.lastOutput = Date.now();
      });
    }
    this.#child.stdin.on('error', () => undefined);
    this.#child.on('close', (code) => {
      this.exitCode = code ?? undefined;
      this.ended = true;
    });
  }

  send(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
