import { dirname, relative, resolve } from 'node:path';
import { composeFleet, type Inventory, type ReadFile } from '../../fleet/compose.ts';
import type { Fleet } from '../../fleet/fleet.ts';
import { limited } from '../../fleet/limit.ts';
import { decodeText } from '../../documents/text.ts';
import { Unreadable } from '../../documents/unreadable.ts';
import { at, readFleetFile } from '../../fleet/read-file.ts';
import type { InventorySource } from '../../fleet/schema.ts';
import type { JoinOptions, OnlyServices } from '../../operations/join/options.ts';
import { FORGETTABLE } from '../../operations/join/recorded-options.ts';
import { computeInventory } from '../../operations/fleet/compute-inventory.ts';
import { commandInventory, placedCommand } from '../../operations/fleet/inventory.ts';
import type { FleetOptions, FleetTarget } from '../../operations/fleet/options.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { excludedByGiven } from '../exclusive.ts';
import { flagOf, Input } from '../input.ts';
import { JOIN_SWITCHES, joinOptions } from '../join/options.ts';
import { OWNER_ONLY, readJudged } from '../judged-file.ts';
import { machineOptions } from '../machine-options.ts';
import { judgePaths, type NamedPath, pathsNamedBy, pathsOfCommand } from '../named-paths.ts';
import { camelCase, givenFor, givenOf, withoutExcluded } from './given.ts';

const DEFAULT_FILE = 'fleet.yaml';
const DEFAULT_FORKS = 5;

/**
 * The fleet that a command line names, with the options of each VM. Throws `fleet-file-missing`, `fleet-file-refused`, `fleet-file-invalid`,
 * `path-refused`, `invalid-input` and Problems of inventories.
 */
export async function readFleet(command: string, call: Call): Promise<FleetOptions> {
  const { cwd } = call.world;
  const [named] = call.args;
  const file = resolve(cwd, named ?? DEFAULT_FILE);
  const path = relative(cwd, file) || file;
  const text = await trustedText(file, path);
  if (text === undefined && named === undefined) throw fleetProblems.fileMissing({ path: file, command });
  if (text === undefined) throw cliProblems.fileNotRead({ path: file, reason: 'there is no such file or directory' });
  const read: ReadFile = { path, text, file: readFleetFile(path, text) };
  const folder = dirname(file);
  await judgePaths([{ file: path, what: path, paths: [file] }, ...(await programsOf(read, call, folder))]);
  const ofFile = givenOf({ ...read.file.cluster, ...read.file.options }, folder);
  const base = { ...withoutExcluded(ofFile, call.given), ...call.given };
  const input = new Input(command, composed(call, base));
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
  const whole = { read, fleet, folder };
  await judgePaths(await pathsOf(call, whole));
  const joining = targetsOf(command, call, whole);
  const targets = joining.map(({ vm, options }): FleetTarget => {
    const keeps = keptServices(options, joining);
    const workload = prune ? { ...options.workload, only: keeps } : options.workload;
    // A password is asked for once, not once for each VM.
    return { vm, keeps, options: { ...options, workload, machine: { ...options.machine, ...secrets } } };
  });
  return { fleet, targets, chosen: limited(fleet, patterns), cluster, machine, forks, prune };
}

/** A call with the options of a fleet file as if they had been typed. */
function composed(call: Call, given: Call['given']): Call {
  const whole = { ...call, given };
  return { ...whole, excluded: excludedByGiven(whole) };
}

/** The file decides what runs as root on every VM. Undefined if it does not exist. Throws `fleet-file-refused`, `file-not-read`. */
async function trustedText(file: string, path: string): Promise<string | undefined> {
  const judged = await readJudged(file, { writable: OWNER_ONLY, mostKib: 4096 });
  if (!judged) return undefined;
  if ('refused' in judged) throw fleetProblems.fileRefused({ path, reason: judged.refused });
  try {
    return decodeText(judged.bytes);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw cliProblems.fileNotRead({ path: file, reason: error.message }, error);
  }
}

/** The programs that the file's inventories run. */
async function programsOf({ path, file }: ReadFile, { world }: Call, folder: string): Promise<readonly NamedPath[]> {
  const commands = (file.inventory ?? []).flatMap((source) => ('command' in source ? [source.command] : []));
  return await Promise.all(commands.map((words) => pathsOfCommand(path, placedCommand(words, folder), world.cwd)));
}

/** All paths that the file names and the command line does not replace. */
async function pathsOf(call: Call, { read, fleet, folder }: Composed): Promise<readonly NamedPath[]> {
  const { file, path } = read;
  const ofVms = fleet.vms.map((vm) => givenFor(vm, file.cluster, { folder, given: call.given }));
  const all = [{ ...givenOf({ ...file.cluster, ...file.options }, folder), ...call.given }, ...ofVms];
  const named = all.map(async (values) => {
    const ofFile = Object.entries(values).filter(([name]) => name === 'sha256' || call.given[name] === undefined);
    return await pathsNamedBy(path, Object.fromEntries(ofFile), call.world);
  });
  return (await Promise.all(named)).flat();
}

async function inventoryOf({ world }: Call, source: InventorySource, folder: string): Promise<Inventory> {
  return 'command' in source ? await commandInventory(world, source, folder) : await computeInventory(world, source);
}

type Joining = Pick<FleetTarget, 'vm' | 'options'>;

interface Composed {
  readonly read: ReadFile;
  readonly fleet: Fleet;
  readonly folder: string;
}

/** Each VM with its options. Throws all issues of all VMs, with line and column of the options that the file has. */
function targetsOf(command: string, call: Call, { read, fleet, folder }: Composed): readonly Joining[] {
  const issues: string[] = [];
  const targets = fleet.vms.map((vm) => {
    const given = givenFor(vm, read.file.cluster, { folder, given: call.given });
    const input = new Input(command, { ...composed(call, given), on: JOIN_SWITCHES });
    const options = joinOptions(input);
    for (const issue of issuesOf(input)) issues.push(placed(read, vm, issue));
    return { vm, options: { ...asFile(options), fleet: { fleet: fleet.name, vm: vm.name } } };
  });
  if (issues.length > 0) throw fleetProblems.fileInvalid({ path: read.path, issues: [...new Set(issues)] });
  return targets;
}

/** A group that the file names has the services of all its VMs in the file. One that it does not name may have VMs of others. */
function keptServices({ workload }: JoinOptions, joining: readonly Joining[]): OnlyServices {
  const { group, namespace, rest } = workload;
  // A VM without a namespace is in that of the context, which may be the one that another VM names.
  const isNear = (other?: string): boolean => other === undefined || namespace === undefined || other === namespace;
  const near = joining.map(({ options }) => options.workload).filter((each) => isNear(each.namespace));
  const same = near.filter((each) => each.group === group);
  const names = group === undefined ? namesIn([{ rest }]) : namesIn(same);
  return { names, ofGroup: group !== undefined, inUse: namesIn(near) };
}

function namesIn(workloads: readonly Pick<JoinOptions['workload'], 'rest'>[]): readonly string[] {
  return [...new Set(workloads.flatMap(({ rest }) => rest.services.map(({ name }) => name)))];
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
