import type { Host } from '../../host/run/host.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';

/** One connection for each VM, kept while a check is repeated. They close with this object. */
export class VmLogins implements AsyncDisposable {
  readonly #world: World;
  readonly #machine: MachineOptions;
  readonly #open = new Map<string, Promise<Host>>();

  constructor(world: World, machine: MachineOptions) {
    this.#world = world;
    this.#machine = machine;
  }

  /** Throws errors of `openMachine`; the next call tries again. */
  async host(vm: string): Promise<Host> {
    const opening = this.#open.get(vm) ?? openMachine(this.#world, this.#machine, vm);
    this.#open.set(vm, opening);
    try {
      return await opening;
    } catch (error) {
      this.#open.delete(vm);
      throw error;
    }
  }

  /** Ends the connection of a VM, such as one that was lost. */
  async forget(vm: string): Promise<void> {
    const host = await this.#open.get(vm)?.catch(() => undefined);
    this.#open.delete(vm);
    await host?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const vm of [...this.#open.keys()]) await this.forget(vm);
  }
}
