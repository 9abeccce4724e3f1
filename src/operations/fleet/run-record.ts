import type { HeldLease } from '../../cluster/lease/held-lease.ts';
import { formatRecord, type FleetMember, type FleetRecord, type RunRecord, type VmWord } from '../../fleet/record.ts';

/** The record of a run in the fleet's Lease. Each write renews the lock, so a run that writes before a VM holds the lock there. */
export class RunBook {
  readonly #held: HeldLease | undefined;
  #record: FleetRecord & { readonly run: RunRecord };

  /** `held` is absent for a folder of manifests, where nothing is kept. */
  constructor(held: HeldLease | undefined, record: FleetRecord & { readonly run: RunRecord }) {
    this.#held = held;
    this.#record = record;
  }

  get members(): FleetRecord['members'] {
    return this.#record.members;
  }

  /** Why the lock is lost; undefined while it is held. */
  get lost(): string | undefined {
    return this.#held?.lost;
  }

  /** Writes the state of a VM. `member: null` removes it from the fleet. False when the lock is lost. */
  async vm(name: string, word: VmWord, member?: FleetMember | null): Promise<boolean> {
    const { members, run } = this.#record;
    const { [name]: before, ...others } = members;
    const kept =
      member === null ? others : { ...members, ...((member ?? before) && { [name]: { ...before, ...member } }) };
    this.#record = { ...this.#record, members: kept, run: { ...run, vms: { ...run.vms, [name]: word } } };
    return await this.#write();
  }

  /** Writes the end of the run. VMs that were not begun are skipped. */
  async end(ended: Date, stopped: string | undefined): Promise<void> {
    const { run } = this.#record;
    const vms = Object.entries(run.vms).map(([name, word]) => [name, word === 'waiting' ? 'skipped' : word] as const);
    const end = { ended: ended.toISOString(), ...(stopped !== undefined && { stopped: stopped.slice(0, 500) }) };
    this.#record = { ...this.#record, run: { ...run, vms: Object.fromEntries(vms), ...end } };
    await this.#write();
  }

  async #write(): Promise<boolean> {
    return this.#held === undefined || (await this.#held.annotate(formatRecord(this.#record)));
  }
}
