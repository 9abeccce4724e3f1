import { lookup } from 'node:dns/promises';
import type { Instance } from '../../cluster/compute/compute-engine.ts';
import { connect, type ConnectOptions } from '../../host/ssh/connect.ts';
import type { Host } from '../../host/run/host.ts';
import { measured } from '../../host/run/measured.ts';
import { RootDirectoryHost } from '../../host/root-directory.ts';
import { configValues, readSshConfig } from '../../host/ssh/config/ssh-config.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import { withoutSecrets } from '../../secret-variables.ts';
import type { World } from '../../world.ts';

/** How to reach VMs. */
export interface MachineOptions {
  /** A directory instead of the VM. */
  readonly root?: string;
  readonly ssh: Partial<ConnectOptions>;
  /** Called at most once per run, when a sudo asks. Absent without a terminal. */
  readonly sudoPassword?: () => Promise<string>;
  /** Asked once per key file, because the run logs in again to confirm while the VM waits. */
  readonly passphrase?: NonNullable<ConnectOptions['passphrase']>;
  readonly place: { readonly project?: string; readonly zone?: string };
}

/**
 * Connects to the VM of that name, or opens the directory given instead. Throws Problems of the connection, and
 * `vm-not-found`.
 */
export async function openMachine(world: World, options: MachineOptions, vm: string): Promise<Host> {
  const began = performance.now();
  const host = await reach(world, options, vm);
  const { record } = world;
  if (!record) return host;
  record({ kind: 'connection', name: 'connect', where: host.name, ms: performance.now() - began });
  return measured(host, (ran) => record({ kind: 'command', where: host.name, ...ran }));
}

async function reach(world: World, options: MachineOptions, vm: string): Promise<Host> {
  if (options.root !== undefined) return new RootDirectoryHost({ directory: options.root });
  const found = await find(world, options, vm);
  return connect(found.name, {
    home: world.home,
    env: withoutSecrets(world.env),
    signal: world.signal,
    note: world.note,
    ...present({ sudoPassword: options.sudoPassword, passphrase: options.passphrase }),
    ...options.ssh,
    ...(found.hostKeys && { extraHostKeys: found.hostKeys }),
  });
}

interface Found {
  /** Its name for SSH. */
  readonly name: string;
  readonly hostKeys?: readonly string[];
}

/** The order of the search: user@host, Host of ~/.ssh/config, DNS, Compute Engine instance. */
async function find(world: World, options: MachineOptions, vm: string): Promise<Found> {
  if (/[@/]/.test(vm) || (await isConfigured(world, options, vm)) || (await resolves(vm))) return { name: vm };
  const looked = [`ssh_config: no HostName for ${vm}`, `DNS: no address for ${vm}`];
  try {
    return await findInstance(world, options, vm);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw cliProblems.vmNotFound({ vm, looked: [...looked, `Compute Engine: ${error.message}`] }, error);
  }
}

async function isConfigured({ home, env }: World, options: MachineOptions, vm: string): Promise<boolean> {
  const tree = await readSshConfig(home, options.ssh.sshConfig);
  const localUser = env['USER'] ?? env['LOGNAME'] ?? '';
  const values = configValues(tree, { host: vm, localUser, ...present({ user: options.ssh.user }) });
  const canonical = !['no', 'false'].includes(values.get('canonicalizehostname')?.[0]?.toLowerCase() ?? 'no');
  return canonical || values.has('hostname') || values.has('proxycommand') || values.has('proxyjump');
}

async function resolves(vm: string): Promise<boolean> {
  return lookup(vm).then(
    () => true,
    () => false,
  );
}

/** The address at which SSH reaches a Compute Engine instance; undefined without one of that name. */
export async function instanceAddress(
  world: World,
  options: Pick<MachineOptions, 'place'>,
  vm: string,
): Promise<string | undefined> {
  try {
    return (await findInstance(world, options, vm)).name;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

async function findInstance(world: World, options: Pick<MachineOptions, 'place'>, vm: string): Promise<Found> {
  const { connectCompute } = await import('../../cluster/compute/google-compute.ts');
  const { env, signal } = world;
  await using compute = await connectCompute({
    ...options.place,
    env,
    ...present({ endpoint: env['MESHX_COMPUTE_ENDPOINT'] }),
  });
  const instance = await compute.findInstance(vm, options.place, signal);
  if (!instance) throw cliProblems.vmNotFound({ vm, looked: [`no instance ${vm} in project ${compute.project}`] });
  world.note(`instance ${instance.name}: project ${instance.project}, zone ${instance.zone}`);
  return { name: addressOf(instance, vm), hostKeys: await compute.hostKeys(instance, signal) };
}

/** The internal address: meshx runs where the mesh is, and the external one is often closed. */
function addressOf(instance: Instance, vm: string): string {
  const address = instance.internalAddresses[0] ?? instance.externalAddresses[0];
  if (!address)
    throw cliProblems.vmNotFound({ vm, looked: [`instance ${vm} is ${instance.status} and has no address`] });
  return address;
}
