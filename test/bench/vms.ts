import { must } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';
import { cableOf } from '../lab/names.ts';
import { LISTENING } from './listening.ts';

const FIRST = 40;
const LAST = 249;

/** A VM of the bench. */
export interface Vm {
  readonly name: string;
  readonly ip: string;
}

/**
 * Machines that no one has met: each has a name and an address that no one before it had, until all addresses were used, so
 * that istiod never takes one for another that has just gone.
 */
export class Vms {
  readonly #lab: Lab;
  readonly #up = new Set<string>();
  #made = 0;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  /** Boots as many machines side by side; all have booted to the end, and MariaDB listens. */
  async fresh(count: number): Promise<readonly Vm[]> {
    const wanted = Array.from({ length: count }, () => this.#next());
    // One after the other is made, as the files of the operator name all of them; they boot side by side.
    return await Promise.all(wanted.map(async (vm) => await this.#boot(vm)));
  }

  async one(): Promise<Vm> {
    const [vm] = await this.fresh(1);
    if (!vm) throw new Error('no machine was made');
    return vm;
  }

  async remove(vms: readonly Vm[]): Promise<void> {
    for (const { name } of vms) {
      await this.#lab.removeVm(name);
      this.#up.delete(name);
    }
  }

  async removeAll(): Promise<void> {
    await this.remove([...this.#up].map((name) => ({ name, ip: '' })));
  }

  #next(): Vm {
    const number = this.#made++;
    return { name: `b${number}`, ip: `10.150.0.${FIRST + (number % (LAST - FIRST + 1))}` };
  }

  async #boot(vm: Vm): Promise<Vm> {
    this.#up.add(vm.name);
    await this.#lab.vm(vm.name, vm.ip);
    await this.#lab.mustSsh(vm.name, SETTLED, { timeoutMs: 90_000 });
    return vm;
  }
}

const SETTLED = `${LISTENING}systemctl is-system-running --wait > /dev/null || true
listening 3306 300`;

/** Bytes that have passed a VM's cable so far: to it and from it, with all headers. */
export async function wireBytes(lab: Lab, vm: string): Promise<{ readonly to: number; readonly from: number }> {
  const text = await must(['ip', '-n', lab.names.hub, '-s', '-j', 'link', 'show', cableOf(vm)]);
  // as: what ip-link(8) prints with -s -j.
  const [link] = JSON.parse(text) as { stats64: { rx: { bytes: number }; tx: { bytes: number } } }[];
  if (!link) throw new Error(`${vm} has no cable`);
  return { to: link.stats64.tx.bytes, from: link.stats64.rx.bytes };
}
