import { lookup } from 'node:dns/promises';
import { resolve } from 'node:path';
import type { ComputeEngine, Instance } from '../cluster/compute/compute-engine.ts';
import { connect, type ConnectOptions } from '../host/connect.ts';
import type { Host } from '../host/host.ts';
import { measured } from '../host/measured.ts';
import { RootDirectoryHost } from '../host/root-directory.ts';
import { configValues, readSshConfig } from '../host/ssh-config.ts';
import { Problem } from '../problems.ts';
import { cliProblems } from '../problems/cli.ts';
import type { World } from '../world.ts';
import type { Input } from './input.ts';
import type { Surroundings } from './command.ts';
import { stepTimeoutMs } from './time-limits.ts';
import { withoutSecrets } from './secret-variables.ts';
import { sudoPassword } from './sudo-password.ts';
import { present } from '../present.ts';

/** What was said about how VMs are reached. */
export interface MachineInput {
  /** A directory in place of the VM. */
  readonly root?: string;
  readonly ssh: Partial<ConnectOptions>;
  /** Asked at most once for each run, when a sudo asks. Absent: nobody can be asked. */
  readonly sudoPassword?: () => Promise<string>;
  /** Asked once for each key file: a run logs in again to confirm, while the VM waits. */
  readonly passphrase?: NonNullable<ConnectOptions['passphrase']>;
  readonly place: { readonly project?: string; readonly zone?: string };
}

/** Reads VM_OPTIONS. Issues are collected in the input. */
export function machineInput(input: Input): MachineInput {
  const { cwd, home } = input.call.world;
  const path = (name: string): string | undefined => {
    const text = input.text(name)?.replace(/^~(?=\/)/, home);
    return text === undefined ? undefined : resolve(cwd, text);
  };
  return {
    ...present({
      root: path('root'),
      sudoPassword: sudoPassword(input.call, input.text('sudoPasswordFile')),
      passphrase: passphrase(input.call),
    }),
    place: present({ project: input.text('project'), zone: input.text('zone') }),
    ssh: present({
      user: input.text('user'),
      port: input.number('port', [1, 65_535]),
      identityFile: path('identityFile'),
      sshConfig: path('sshConfig'),
      knownHosts: path('knownHosts'),
      hostKeyFingerprint: input.text('hostKeyFingerprint'),
      acceptNewHostKey: input.flag('acceptNewHostKey') || undefined,
      commandLimitMs: stepTimeoutMs(input),
    }),
  };
}

/** The VM of that name, connected; with --root the directory. Throws what connecting throws, and `vm-not-found`. */
export async function openMachine(world: World, words: MachineInput, vm: string): Promise<Host> {
  const began = performance.now();
  const host = await reach(world, words, vm);
  const { record } = world;
  if (!record) return host;
  record({ kind: 'connection', name: 'connect', where: host.name, ms: performance.now() - began });
  return measured(host, (ran) => record({ kind: 'command', where: host.name, ...ran }));
}

async function reach(world: World, words: MachineInput, vm: string): Promise<Host> {
  if (words.root !== undefined) return new RootDirectoryHost({ directory: words.root });
  const found = await find(world, words, vm);
  return connect(found.name, {
    home: world.home,
    env: withoutSecrets(world.env),
    signal: world.signal,
    note: world.note,
    ...present({ sudoPassword: words.sudoPassword, passphrase: words.passphrase }),
    ...words.ssh,
    ...(found.hostKeys && { extraHostKeys: found.hostKeys }),
  });
}

/** From the environment or from a person at a terminal, never from an option: `ps` shows those. */
function passphrase({ world: { env }, terminal: { askSecret } }: Surroundings): ConnectOptions['passphrase'] {
  const known = env['MESHX_KEY_PASSPHRASE'];
  if (known !== undefined) return () => Promise.resolve(known);
  const asked = new Map<string, Promise<string>>();
  return (
    askSecret &&
    ((file: string) => {
      const answer = asked.get(file) ?? askSecret(`passphrase of ${file}: `);
      asked.set(file, answer);
      return answer;
    })
  );
}

interface Found {
  /** As SSH calls it. */
  readonly name: string;
  readonly hostKeys?: readonly string[];
}

/** The order of design.md 4: user@host, Host of ~/.ssh/config, DNS, Compute Engine instance. */
async function find(world: World, words: MachineInput, vm: string): Promise<Found> {
  if (/[@/]/.test(vm) || (await isConfigured(world, words, vm)) || (await resolves(vm))) return { name: vm };
  const looked = [`ssh_config: no HostName for ${vm}`, `DNS: no address for ${vm}`];
  try {
    return await findInstance(world, words, vm);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw cliProblems.vmNotFound({ vm, looked: [...looked, `Compute Engine: ${error.message}`] }, error);
  }
}

async function isConfigured({ home, env }: World, words: MachineInput, vm: string): Promise<boolean> {
  const tree = await readSshConfig(home, words.ssh.sshConfig);
  const localUser = env['USER'] ?? env['LOGNAME'] ?? '';
  const values = configValues(tree, { host: vm, localUser, ...present({ user: words.ssh.user }) });
  const canonical = !['no', 'false'].includes(values.get('canonicalizehostname')?.[0]?.toLowerCase() ?? 'no');
  return canonical || values.has('hostname') || values.has('proxycommand') || values.has('proxyjump');
}

async function resolves(vm: string): Promise<boolean> {
  return lookup(vm).then(
    () => true,
    () => false,
  );
}

/** The address by which SSH reaches a Compute Engine instance; undefined where there is none of that name. */
export async function instanceAddress(
  world: World,
  words: Pick<MachineInput, 'place'>,
  vm: string,
): Promise<string | undefined> {
  try {
    return (await findInstance(world, words, vm)).name;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

async function findInstance(world: World, words: Pick<MachineInput, 'place'>, vm: string): Promise<Found> {
  const { connectCompute } = await import('../cluster/compute/connect-compute.ts');
  const { env, signal } = world;
  await using compute: ComputeEngine = await connectCompute({
    ...words.place,
    env,
    ...present({ endpoint: env['MESHX_COMPUTE_ENDPOINT'] }),
  });
  const instance = await compute.findInstance(vm, words.place, signal);
  if (!instance) throw cliProblems.vmNotFound({ vm, looked: [`no instance ${vm} in project ${compute.project}`] });
  world.note(`instance ${instance.name}: project ${instance.project}, zone ${instance.zone}`);
  return { name: addressOf(instance, vm), hostKeys: await compute.hostKeys(instance, signal) };
}

/** The inner address: meshx stands where the mesh is, and the outer one is often closed. */
function addressOf(instance: Instance, vm: string): string {
  const address = instance.internalAddresses[0] ?? instance.externalAddresses[0];
  if (!address)
    throw cliProblems.vmNotFound({ vm, looked: [`instance ${vm} is ${instance.status} and has no address`] });
  return address;
}
