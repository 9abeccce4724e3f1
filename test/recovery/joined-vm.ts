import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentSnapshot } from '../../src/agent/status/snapshot.ts';
import { makeForeignPolicy, removePolicy } from '../e2e/support/agent-policy.ts';
import { asExecutable } from '../e2e/support/executable.ts';
import { makeStrictNamespace } from '../e2e/support/strict.ts';
import { must, type Ran, run } from '../lab/command.ts';
import { giveClock, setClock } from '../lab/clock.ts';
import { freezeGroup } from '../lab/cgroup.ts';
import { fillMachineDisk, growMachineDisk } from '../lab/full-disk.ts';
import type { Lab } from '../lab/lab.ts';
import type { VmRecord } from '../lab/operator.ts';
import { initPid } from '../lab/vm.ts';
import { ALL, hostOf, installServices, NAMESPACE, type Service, SERVICES, setProbes } from './services.ts';
import type { Variant } from './variants.ts';

const VM = 'recovery1';
/** The VM's address at its join. */
export const IP = '10.150.0.140';
const CLIENT = 'recovery-client';
const CLIENT_IP = '10.150.0.141';
const DISK_MIB = 2000;

/** A VM that is joined with the agent, and a pod that is its client. */
export class JoinedVm implements AsyncDisposable {
  readonly lab: Lab;
  readonly name = VM;
  readonly entry = `${VM}-${IP}`;
  readonly variant: Variant;
  /** Its address now. */
  address: string = IP;
  readonly #executable: string;

  constructor(lab: Lab, executable: string, variant: Variant) {
    this.lab = lab;
    this.variant = variant;
    this.#executable = executable;
  }

  /** The namespace and the client; once. */
  async settle(): Promise<void> {
    // What a run that was killed left.
    if (!(await this.lab.processes.running('apiserver-mesh'))) await this.lab.mesh.startApiServer();
    if (!(await this.lab.processes.running('istiod'))) await this.lab.startIstiod();
    await this.lab.removeMember(CLIENT);
    await (this.variant.mode === 'api' ? removePolicy : makeForeignPolicy)(this.lab);
    await makeStrictNamespace(this.lab, NAMESPACE);
    await this.lab.pod(CLIENT, CLIENT_IP, { namespace: NAMESPACE });
  }

  /** A new machine that joins the mesh. */
  async fresh(): Promise<void> {
    await this.#remove();
    this.address = IP;
    const { suite } = this.variant;
    await this.lab.vm(VM, IP, { suite, diskMib: DISK_MIB });
    await installServices(this.lab, VM, suite);
    const ran = await this.join(this.#executable);
    if (ran.exitCode !== 0) throw new Error(`the VM did not join: ${ran.stdout}${ran.stderr}`);
    await setProbes(this.lab, VM);
  }

  /** `meshx up` with this executable for the agent. */
  async join(executable: string): Promise<Ran> {
    const services = ALL.flatMap((name) => ['--service', SERVICES[name].option]);
    const place = ['-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--package', this.lab.deb];
    return await this.lab.meshx(['up', VM, ...place, ...services, '--agent-executable', executable, '--yes']);
  }

  /** The same with another program in the place of meshx. */
  async joinWith(program: Buffer): Promise<Ran> {
    const file = join(this.lab.names.run, 'other-executable');
    await writeFile(file, await asExecutable(program, this.#executable), { mode: 0o755 });
    return await this.join(file);
  }

  /** `meshx rejoin`, as a person runs it. Throws if it fails. */
  async rejoin(): Promise<void> {
    const ran = await this.lab.meshx(['rejoin', VM, '-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--yes']);
    if (ran.exitCode !== 0) throw new Error(`the VM did not rejoin: ${ran.stdout}${ran.stderr}`);
  }

  /** The client's sidecar starts anew, with the roots of the cluster. */
  async freshClient(): Promise<void> {
    await this.lab.removeMember(CLIENT);
    await this.lab.pod(CLIENT, CLIENT_IP, { namespace: NAMESPACE });
  }

  /** Takes the rights of the agent at the API server. */
  async dropRights(): Promise<void> {
    await this.lab.kubectl(['-n', NAMESPACE, 'delete', 'role', `meshx-agent-${VM}`]);
  }

  async record(): Promise<VmRecord> {
    const found = (await this.lab.vms()).find(({ name }) => name === VM);
    if (!found) throw new Error(`${VM} is no VM of the lab`);
    return found;
  }

  async freeze(isFrozen: boolean): Promise<void> {
    await freezeGroup(this.lab.names.lab, `vm-${VM}`, isFrozen);
  }

  /** From now on `setClock` works on the VM. The agent and the sidecar restart. */
  async ownClock(): Promise<void> {
    await giveClock(join(this.#disk, 'root'));
    await this.on('systemctl restart istio.service meshx-agent.service');
  }

  /** Sets the clock of the agent and Envoy to so many seconds after the real one. */
  async setClock(seconds: number): Promise<void> {
    await setClock(join(this.#disk, 'root'), seconds);
  }

  /** Output of a shell command of root on the VM, also while the VM has no network. Throws if it fails. */
  async on(command: string): Promise<string> {
    return (await must(await this.#inside(command))).trim();
  }

  /** The same, whatever its exit code is. */
  async try(command: string): Promise<Ran> {
    return await run(await this.#inside(command));
  }

  async #inside(command: string): Promise<readonly string[]> {
    const parts = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root'];
    const target = await initPid(this.lab.names, VM);
    return ['nsenter', '--target', target, ...parts, 'timeout', '30', 'sh', '-c', command];
  }

  /** Process ids of a program on the VM; empty while it does not run. */
  async pids(program: string): Promise<string> {
    return (await this.try(`pgrep -x ${program}`)).stdout.trim().replaceAll('\n', ' ');
  }

  /** A property of a unit, as systemd shows it. */
  async property(unit: string, name: string): Promise<string> {
    return await this.on(`systemctl show -P ${name} ${unit}`);
  }

  async status(): Promise<AgentSnapshot> {
    const text = await this.on('curl -sf --max-time 5 --unix-socket /run/meshx-agent/agent.sock http://agent/status');
    // as: the lab's own agent wrote it.
    return JSON.parse(text) as AgentSnapshot;
  }

  /** Whether the client's sidecar sends requests for the service to the VM. */
  async isInView(service: Service): Promise<boolean> {
    const { port } = SERVICES[service];
    const clusters = await must(
      this.lab.inArgv(CLIENT, ['curl', '-sf', '--max-time', '5', 'localhost:15000/clusters']),
    );
    const endpoint = `outbound|${port}||${hostOf(service)}::${this.address}:${port}::health_flags::healthy`;
    return clusters.split('\n').includes(endpoint);
  }

  /** Whether one request of the client is answered by the service. */
  async answers(service: Service): Promise<boolean> {
    const { request, answer } = SERVICES[service];
    const ran = await this.lab.in(CLIENT, request);
    return ran.exitCode === 0 && ran.stdout.trim() === answer;
  }

  /** Leaves no byte on the VM's disk. */
  async fillDisk(): Promise<void> {
    await fillMachineDisk(this.#disk);
  }

  async emptyDisk(): Promise<void> {
    await growMachineDisk(this.#disk, DISK_MIB);
  }

  /** What one wants to read after a failure: the journal of the agent and the sidecar's state. */
  async journal(): Promise<string> {
    const units = ['meshx-agent', 'meshx-agent-root@*', 'meshx-watch', 'meshx-resolver', 'istio'];
    const journal = 'journalctl --no-pager -o short-precise';
    // MariaDB writes a line for each connection that ends early.
    const command = `${journal} -n 120 ${units.map((unit) => `-u '${unit}'`).join(' ')}; ${journal} -n 20 -u mariadb`;
    return (await this.try(command).catch((error: unknown) => ({ stdout: String(error) }))).stdout;
  }

  get #disk(): string {
    return join(this.lab.names.run, 'vms', VM);
  }

  async #remove(): Promise<void> {
    const known = await readFile(join(this.#disk, 'vm.json'), 'utf8').catch(() => undefined);
    if (known !== undefined) await this.lab.removeVm(VM);
    const kinds = 'workloadgroups,workloadentries,serviceentries,sidecars,services';
    const names = [...ALL, VM, this.entry];
    for (const kind of kinds.split(','))
      await this.lab.kubectl(['-n', NAMESPACE, 'delete', kind, ...names, '--wait=false', '--ignore-not-found']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove();
    await this.lab.removeMember(CLIENT);
  }
}
