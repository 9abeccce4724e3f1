import type { Command, Host, Output } from '../../src/host/run/host.ts';

/** A machine that runs nothing, and answers each script by its name with what the test says. */
export class AnsweringHost implements Host {
  readonly name = 'vm1';
  /** Each script with its arguments. */
  readonly sent: (readonly string[])[] = [];
  readonly commands: Command[] = [];
  readonly #answer: (script: string, command: Command) => Partial<Output> | Promise<Partial<Output>>;

  constructor(answer: (script: string, command: Command) => Partial<Output> | Promise<Partial<Output>>) {
    this.#answer = answer;
  }

  async run(command: Command): Promise<Output> {
    const script = (command.argv[3] ?? '').replace('meshx-', '');
    this.sent.push([script, ...command.argv.slice(4)]);
    this.commands.push(command);
    return { exitCode: 0, stdout: '', stderr: '', ...(await this.#answer(script, command)) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
