import { isIP } from 'node:net';
import pLimit from 'p-limit';
import type { Host } from '../../host/run/host.ts';
import { Problem } from '../../problems.ts';
import { readMembership } from '../../vm/membership.ts';
import { readMachine } from '../../vm/status/machine-facts.ts';
import type { World } from '../../world.ts';
import { knownAddresses } from '../connection/addresses.ts';
import { openMachine } from '../connection/machine.ts';
import type { JoinContext } from '../join/context.ts';
import { join } from '../join/join.ts';
import { openAsBefore } from '../join/join-each.ts';
import type { JoinOptions } from '../join/options.ts';
import type { VmReport } from '../vm-report.ts';
import { type MachineReading, machineStatus, type PlanStatus } from './machine-status.ts';
import type { MeshStatus, VmStatus } from './mesh-status.ts';

export interface MachinesOptions {
  /** How to reach the VMs, and the options with which they would join again: those of a dry run. */
  readonly join: JoinOptions;
  /** How many VMs are read at the same time. */
  readonly parallel: number;
  /** Lines of each log; 0: neither logs nor processes. */
  readonly lines: number;
  /** The name of the only VM, as the operator reaches it. */
  readonly name?: string;
}

/**
 * The same VMs with what each says of itself, over one SSH connection for each, side by side. Only reads. A VM that cannot be reached, or
 * whose next plan cannot be made, has the reason. Throws bugs only.
 */
export async function withMachines(world: World, status: MeshStatus, options: MachinesOptions): Promise<MeshStatus> {
  const limit = pLimit(options.parallel);
  const planning = new Planning(world, options.join);
  const read = async (vm: VmStatus): Promise<VmStatus> => {
    if (vm.address === undefined && options.name === undefined) return vm;
    const isShared = status.vms.filter((other) => other.vm === vm.vm).length > 1;
    const name = options.name ?? (await sshName(world, vm, { machine: options.join.machine, isShared }));
    return { ...vm, machine: await readOne(world, name, { ...options, planning }) };
  };
  return { ...status, vms: await Promise.all(status.vms.map((vm) => limit(() => read(vm)))) };
}

/**
 * A machine that the cluster does not know by the name that the operator gave, with what the cluster has at its addresses or under its host
 * name. Undefined if no machine can be reached by this name. Throws bugs only.
 */
export async function byMachine(
  world: World,
  status: MeshStatus,
  name: string,
  options: MachinesOptions,
): Promise<MeshStatus | undefined> {
  const planning = new Planning(world, options.join);
  const machine = await readOne(world, name, { ...options, planning });
  if (!('found' in machine)) return undefined;
  const { addresses, hostname } = machine.found;
  const own = status.vms.filter(({ vm, address = '' }) => addresses.includes(address) || vm === hostname);
  const found = own.length > 0 ? own : [unregistered(name)];
  return { ...status, vms: found.map((vm) => ({ ...vm, machine })) };
}

function unregistered(vm: string): VmStatus {
  const disagreements = ['nothing in the cluster has its name or one of its addresses'];
  return { vm, namespace: '', kind: 'fixed', meshx: false, state: 'absent', services: [], disagreements };
}

/** One VM. Throws bugs only. */
async function readOne(
  world: World,
  host: string,
  { join: { machine }, lines, planning }: MachinesOptions & { readonly planning: Planning },
): Promise<MachineReading> {
  try {
    await using opened = await openMachine(world, machine, host);
    const facts = await readMachine(opened, lines, world.signal);
    const plan = facts.joined ? await planning.of(host, opened) : NOT_JOINED;
    return { host, found: machineStatus(facts, plan) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { id, message, hint } = error;
    return { host, problem: { id, message, hint } };
  }
}

const NOT_JOINED: PlanStatus = { state: 'unknown', changes: [], reason: 'meshx did not join this VM' };

/**
 * The name of the machine where ssh_config or DNS know it, else its address in the mesh. Machines that share a name, as those of one group
 * may, are reached by their addresses.
 */
async function sshName(world: World, { vm, address = '' }: VmStatus, { machine, isShared }: Naming): Promise<string> {
  if (isIP(address) === 0) return vm;
  const known: readonly string[] = await knownAddresses(world, machine, vm).catch(() => []);
  return (isShared ? known.includes(address) : known.length > 0) ? vm : address;
}

interface Naming {
  readonly machine: JoinOptions['machine'];
  readonly isShared: boolean;
}

/** Plans of the next join. What they share is read once, for the first VM. */
class Planning {
  readonly #world: World;
  readonly #options: JoinOptions;
  #context: Promise<JoinContext> | undefined;

  constructor(world: World, options: JoinOptions) {
    // The status has named the cluster already.
    this.#world = { ...world, note: () => undefined };
    this.#options = options;
  }

  async of(vm: string, host: Host): Promise<PlanStatus> {
    try {
      const context = await (this.#context ??= this.#open(host));
      const login = () => Promise.resolve(shared(host));
      return planOf(await join({ ...QUIET, context, vm, login }));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return unknown(error);
    }
  }

  #open(host: Host): Promise<JoinContext> {
    const recorded = async () => (await readMembership(host, this.#world.signal)).record?.options ?? {};
    return openAsBefore(this.#world, { verb: 'up', options: this.#options, recorded });
  }
}

/** A dry run takes no lock and leaves no line in the audit, so its command is never seen. */
const QUIET = { verb: 'up', repeats: true, command: 'meshx status', again: '', observe: () => undefined } as const;

/** The connection, which its opener closes. */
function shared(host: Host): Host {
  return {
    name: host.name,
    run: (command, signal) => host.run(command, signal),
    ...(host.link && { link: host.link }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function planOf({ problem, cluster, phases }: VmReport): PlanStatus {
  if (problem) return unknown(problem);
  const ofVm = phases.filter(({ kind }) => kind === 'step').flatMap(({ changes }) => changes);
  const changes = [...cluster, ...ofVm];
  return { state: changes.length === 0 ? 'empty' : 'changes', changes };
}

function unknown({ message }: Problem): PlanStatus {
  return { state: 'unknown', changes: [], reason: message };
}
