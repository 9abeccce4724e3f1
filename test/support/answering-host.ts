import type { Command, Host, Output } from '../../src/host/run/host.ts';

/** Parts of an output: without them a script prints nothing and succeeds. */
type Answer = (
  script: string,
  command: Command,
  signal: AbortSignal | undefined,
) => Partial<Output> | Promise<Partial<Output>>;

/** A machine that runs nothing, and answers each script by its name with what the test says. */
export class AnsweringHost implements Host {
  readonly name = 'vm1';
  /** Each script with its arguments. */
  readonly sent: (readonly string[])[] = [];
  readonly commands: Command[] = [];
  readonly #answer: Answer;

  constructor(answer: Answer = () => ({})) {
    this.#answer = answer;
  }

  async run(command: Command, signal?: AbortSignal): Promise<Output> {
    const script = (command.argv[3] ?? '').replace('meshx-', '');
    this.sent.push([script, ...command.argv.slice(4)]);
    this.commands.push(command);
    return { exitCode: 0, stdout: '', stderr: '', ...(await this.#answer(script, command, signal)) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
