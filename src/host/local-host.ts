import { Commands } from './run/commands.ts';
import type { Command, Host, Output } from './run/host.ts';
import type { Sudo } from './run/sudo.ts';

/** The machine that meshx runs on. */
export class LocalHost implements Host {
  readonly name: string;
  readonly #commands: Commands;

  constructor(options: { readonly name?: string; readonly sudo?: Sudo } = {}) {
    this.name = options.name ?? 'localhost';
    this.#commands = new Commands({
      name: this.name,
      launch: async (argv) => (await import('./run/process.ts')).startProcess(argv),
      sudo: options.sudo,
    });
  }

  run(command: Command, signal?: AbortSignal): Promise<Output> {
    return this.#commands.run(command, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Holds nothing between commands.
  }
}
