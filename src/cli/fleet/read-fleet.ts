import { dirname, relative, resolve } from 'node:path';
import { composeFleet, type Inventory, type ReadFile } from '../../fleet/compose.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { limited } from '../../fleet/limit.ts';
import { at, readFleetFile } from '../../fleet/read-file.ts';
import type { InventorySource } from '../../fleet/schema.ts';
import type { JoinOptions } from '../../operations/join/options.ts';
import { FORGETTABLE } from '../../operations/join/recorded-options.ts';
import { computeInventory } from '../../operations/fleet/compute-inventory.ts';
import { commandInventory } from '../../operations/fleet/inventory.ts';
import type { FleetOptions, FleetTarget } from '../../operations/fleet/options.ts';
import { Problem } from '../../problems.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { readText } from '../files.ts';
import { flagOf, Input } from '../input.ts';
import { JOIN_SWITCHES, joinOptions } from '../join/options.ts';
import { machineOptions } from '../machine-options.ts';
import { camelCase, givenFor, givenOf } from './given.ts';

const DEFAULT_FILE = 'fleet.yaml';
const DEFAULT_FORKS = 5;

/** The fleet that a command line names, with the options of each VM. Throws `fleet-file-invalid`, `invalid-input` and Problems of inventories. */
export async function readFleet(command: string, call: Call): Promise<FleetOptions> {
  const { cwd } = call.world;
  const file = resolve(cwd, call.args[0] ?? DEFAULT_FILE);
  const text = await readText(file);
  const read: ReadFile = { path: relative(cwd, file) || file, text, file: readFleetFile(relative(cwd, file), text) };
  const folder = dirname(file);
  const base = { ...call.given, ...givenOf({ ...read.file.cluster, ...read.file.options }, folder), ...call.given };
  const input = new Input(command, { ...call, given: base });
  const [forks, prune, patterns] = [
    input.number('forks', [1, 256]) ?? DEFAULT_FORKS,
    input.flag('prune'),
    input.list('limit'),
  ];
  const [cluster, machine] = [clusterOptions(input), machineOptions(input)];
  input.accept();
  const inventories = await Promise.all((read.file.inventory ?? []).map((source) => inventoryOf(call, source, folder)));
  const fleet = composeFleet(read, inventories);
  const secrets = {
    ...(machine.sudoPassword && { sudoPassword: machine.sudoPassword }),
    ...(machine.passphrase && { passphrase: machine.passphrase }),
  };
  const targets = targetsOf(command, call, { read, fleet, folder }).map(({ vm, options }) => ({
    vm,
    // A password is asked for once, not once for each VM.
    options: { ...options, machine: { ...options.machine, ...secrets } },
  }));
  return { fleet, targets, chosen: limited(fleet, patterns), cluster, machine, forks, prune };
}

async function inventoryOf({ world }: Call, source: InventorySource, folder: string): Promise<Inventory> {
  return 'command' in source ? await commandInventory(world, source, folder) : await computeInventory(world, source);
}

interface Composed {
  readonly read: ReadFile;
  readonly fleet: Fleet;
  readonly folder: string;
}

/** Each VM with its options. Throws all issues of all VMs, with line and column of the options that the file has. */
function targetsOf(command: string, call: Call, { read, fleet, folder }: Composed): readonly FleetTarget[] {
  const issues: string[] = [];
  const targets = fleet.vms.map((vm) => {
    const given = givenFor(vm, read.file.cluster, { folder, given: call.given });
    const input = new Input(command, { ...call, given, on: JOIN_SWITCHES });
    const options = joinOptions(input);
    for (const issue of issuesOf(input)) issues.push(placed(read, vm, issue));
    return { vm, options: asFile(options) };
  });
  if (issues.length > 0) throw fleetProblems.fileInvalid({ path: read.path, issues: [...new Set(issues)] });
  return targets;
}

function issuesOf(input: Input): readonly string[] {
  try {
    input.accept();
    return [];
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return error.issues;
  }
}

/** `fleet.yaml:12:5: exclude-ports: …`; the host, for a value that no line of the file has. */
function placed({ path, text }: ReadFile, { name, origins }: Fleet['vms'][number], issue: string): string {
  const option = Object.keys(origins).find((each) => issue.startsWith(`${flagOf(camelCase(each))}:`));
  const field = option === undefined ? undefined : origins[option];
  return field ? `${at(path, text, field)}: ${issue.replace(/^--/, '')}` : `${name}: ${issue}`;
}

/** The file is all that counts: what an earlier join recorded is not repeated, but for the place in the cluster. */
function asFile(options: JoinOptions): JoinOptions {
  const forget = FORGETTABLE.filter(
    (name) => !(name in options.repeated) && !['namespace', 'workloadGroup'].includes(name),
  );
  return { ...options, forget, dryRun: false };
}
