import { setMaxListeners } from 'node:events';
import type { Host } from '../../host/run/host.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from './machine.ts';

/**
 * Connections to the first VMs of a run, opened while the cluster is read. Each is taken once and belongs to who took it; the
 * rest end with this.
 */
export class EarlyMachines implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #open: Map<string, Promise<Host>>;

  /** `vms`: no more than will be worked on at once. Nothing for an image: there is nothing to wait for. */
  constructor(world: World, machine: MachineOptions, vms: readonly string[]) {
    const signal = AbortSignal.any([world.signal, this.#stop.signal]);
    // Every login listens to it; Node.js takes more than ten for a leak and says so to the operator.
    setMaxListeners(0, signal);
    const live = machine.root === undefined ? vms : [];
    this.#open = new Map(live.map((vm) => [vm, openMachine({ ...world, signal }, machine, vm)]));
    // What is thrown is met by who takes it.
    for (const each of this.#open.values()) each.catch(() => undefined);
  }

  /** The connection, when it was begun here. Throws what `openMachine` throws. */
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
