import { Commands } from './commands.ts';
import type { Command, Host, Output } from './host.ts';
import type { Sudo } from './sudo.ts';

/** The machine meshx itself runs on. */
export class LocalHost implements Host {
  readonly name: string;
  readonly #commands: Commands;

  constructor(options: { readonly name?: string; readonly sudo?: Sudo } = {}) {
    this.name = options.name ?? 'localhost';
    this.#commands = new Commands({
      name: this.name,
      launch: async (argv) => (await import('./process.ts')).startProcess(argv),
      ...(options.sudo ? { sudo: options.sudo } : {}),
    });
  }

  run(command: Command, signal?: AbortSignal): Promise<Output> {
    return this.#commands.run(command, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held between commands.
  }
}
