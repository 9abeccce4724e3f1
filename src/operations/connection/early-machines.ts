import { setMaxListeners } from 'node:events';
import type { Host } from '../../host/run/host.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from './machine.ts';

/**
 * Connections to the first VMs of a run, opened while the cluster is read. Each can be taken once, and then belongs to
 * the caller. The others close with this object.
 */
export class EarlyMachines implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #open: Map<string, Promise<Host>>;

  /** `vms`: at most the VMs of one batch. An image needs no connection. */
  constructor(world: World, machine: MachineOptions, vms: readonly string[]) {
    const signal = AbortSignal.any([world.signal, this.#stop.signal]);
    // Every login adds a listener, and Node.js warns of a leak above ten.
    setMaxListeners(0, signal);
    const live = machine.root === undefined ? vms : [];
    this.#open = new Map(live.map((vm) => [vm, openMachine({ ...world, signal }, machine, vm)]));
    // The caller of `take` gets the error.
    for (const each of this.#open.values()) each.catch(() => undefined);
  }

  /** The connection, if it was opened here. Throws errors of `openMachine`. */
  take(vm: string): Promise<Host> | undefined {
    const host = this.#open.get(vm);
    this.#open.delete(vm);
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open.size === 0) return;
    this.#stop.abort();
    const ended = await Promise.allSettled(this.#open.values());
    for (const each of ended) if (each.status === 'fulfilled') await each.value[Symbol.asyncDispose]();
  }
}
