import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AuditEvent, auditEvents, mutations } from './audit.ts';
import type { Parts } from './build/all.ts';
import { packageFiles } from './build/sidecar-package.ts';
import { Cluster, type ClusterName } from './cluster.ts';
import { must, run, type Ran, type RunOptions } from './command.ts';
import { diagnostics } from './diagnostics.ts';
import { type Names, namespaceOf } from './names.ts';
import { homeOf, sshArgv, type VmRecord, vmRecords } from './operator.ts';
import { Processes } from './processes.ts';
import { waitFor } from './wait.ts';

export interface SshOptions extends RunOptions {
  /** root unless given. */
  readonly user?: string;
}

/** The operator's seat: where commands are typed, and what can be read of the lab from there. */
export class Workstation {
  readonly names: Names;
  readonly parts: Parts;
  readonly processes: Processes;
  readonly mesh: Cluster;
  readonly classic: Cluster;

  constructor(names: Names, parts: Parts) {
    this.names = names;
    this.parts = parts;
    this.processes = new Processes(names);
    this.mesh = new Cluster('mesh', this);
    this.classic = new Cluster('classic', this);
  }

  get home(): string {
    return homeOf(this.names);
  }

  /** The operator's kubeconfig: in the audit log this user is meshx. */
  get kubeconfig(): string {
    return join(this.home, '.kube/config');
  }

  get classicKubeconfig(): string {
    return join(this.home, '.kube/classic');
  }

  async vms(): Promise<readonly VmRecord[]> {
    return await vmRecords(this.names);
  }

  /** Runs meshx as the operator would on the workstation. */
  async meshx(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await run(this.meshxArgv(args), { timeoutMs: 180_000, cwd: this.home, ...options });
  }

  /** The same as argv, for a test that wants to hold the process in its hand. */
  meshxArgv(args: readonly string[]): readonly string[] {
    const program = [process.execPath, join(this.names.project, 'dist/meshx.js')];
    return [...this.workstation(), ...program, ...args];
  }

  /** The command prefix of the operator's workstation: network, HOME, KUBECONFIG. */
  workstation(): readonly string[] {
    const own = [`HOME=${this.home}`, `KUBECONFIG=${this.kubeconfig}`, 'USER=root', 'LOGNAME=root'];
    return ['ip', 'netns', 'exec', this.names.hub, 'env', '-u', 'SSH_AUTH_SOCK', ...own];
  }

  /** Runs a program in the network of a pod, a plain host or (`hub`) the workstation. */
  async in(member: string, argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await run(this.inArgv(member, argv), options);
  }

  inArgv(member: string, argv: readonly string[]): readonly string[] {
    const ns = member === 'hub' ? this.names.hub : namespaceOf(this.names, member);
    return ['ip', 'netns', 'exec', ns, ...argv];
  }

  async kubectl(args: readonly string[], input?: string): Promise<string> {
    return await this.mesh.kubectl(args, input);
  }

  async istioctl(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return await run([...this.workstation(), join(this.parts.istio, 'istioctl'), ...args], options);
  }

  /** A shell command on a VM, through the system's own ssh. */
  async ssh(vm: string, command: string, options: SshOptions = {}): Promise<Ran> {
    const target = options.user ? `${options.user}@${vm}` : vm;
    return await run(sshArgv(this.names, target, [command]), options);
  }

  /** The same, and it must succeed. */
  async mustSsh(vm: string, command: string, options: SshOptions = {}): Promise<string> {
    const target = options.user ? `${options.user}@${vm}` : vm;
    return await must(sshArgv(this.names, target, [command]), options);
  }

  readonly waitFor = waitFor;

  /** The operator's requests since a moment (milliseconds since 1970) that changed something. */
  async auditMutations(since: number, cluster: ClusterName = 'mesh'): Promise<readonly AuditEvent[]> {
    const log = cluster === 'mesh' ? this.mesh.auditLog : this.classic.auditLog;
    return (await mutations(log, since)).filter((event) => event.user === 'operator');
  }

  /** All requests of the operator since a moment. */
  async auditRequests(since: number, cluster: ClusterName = 'mesh'): Promise<readonly AuditEvent[]> {
    const log = cluster === 'mesh' ? this.mesh.auditLog : this.classic.auditLog;
    return (await auditEvents(log)).filter((event) => event.user === 'operator' && event.at >= since);
  }

  /** A pod's access log and agent log. */
  async podLog(pod: string): Promise<string> {
    return await readFile(this.processes.logOf(pod), 'utf8');
  }

  async diagnostics(): Promise<string> {
    return await diagnostics(this.names);
  }

  get deb(): string {
    return packageFiles.deb(this.parts.sidecar);
  }

  /** The same package with a higher version. */
  get newerDeb(): string {
    return packageFiles.newerDeb(this.parts.sidecar);
  }

  /** A package for arm64. */
  get foreignDeb(): string {
    return packageFiles.foreignDeb(this.parts.sidecar);
  }

  /** pilot-agent, envoy and the bootstrap template as plain files. */
  get packageDirectory(): string {
    return packageFiles.directory(this.parts.sidecar);
  }
}
