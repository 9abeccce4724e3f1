import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildAll, type Parts } from './build/all.ts';
import { startClassic } from './classic.ts';
import { must } from './command.ts';
import { startDns } from './dns.ts';
import { type FullDisk, mountFullDisk } from './full-disk.ts';
import { startGateway } from './gateway.ts';
import { installIstio, startIstiod } from './istiod.ts';
import { leftovers, takeDown } from './leftovers.ts';
import { labNames, type Names, namespaceOf } from './names.ts';
import { attach, makeHub, namespacesLeft, resolveNames, setCable } from './network.ts';
import { makeHome, type VmRecord, vmRecords } from './operator.ts';
import type { Processes } from './processes.ts';
import { podService, type Proxy, removeMember, startProxy } from './proxy.ts';
import { sniff, type Sniffer } from './sniffer.ts';
import { bootVm, makeVm, powerOff, rebootVm, removeVm, sshAnswers, type VmOptions } from './vm.ts';
import { Workstation } from './workstation.ts';

export interface PodOptions {
  /** Kubernetes namespace, `vm` unless given. */
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** A small HTTP service in the pod, with a Kubernetes Service of the pod's name. */
  readonly http?: { readonly port: number; readonly clusterIP?: string; readonly ratingsFrom?: string };
}

/** A real mesh on this machine: API server, istiod, pods, VMs that boot. Needs root. */
export class Lab extends Workstation {
  /** Builds what is missing and starts network, resolver, API server and istiod; what a killed run left is taken away first. */
  static async up(note: (line: string) => void, names = labNames()): Promise<Lab> {
    const parts = await buildAll(names, note);
    await takeDown(names);
    await mkdir(names.run, { recursive: true, mode: 0o755 });
    const lab = new Lab(names, parts);
    await makeHub(names);
    await makeHome(names);
    await Promise.all([lab.mesh.start(), startDns(lab)]);
    note('API server is ready');
    await installIstio(lab);
    await startIstiod(lab);
    note('istiod is ready');
    await lab.mesh.writeKubeconfig('operator', lab.kubeconfig);
    await writeFile(join(names.run, 'parts.json'), JSON.stringify(parts));
    return lab;
  }

  /** The lab that is up. */
  static async attach(names = labNames()): Promise<Lab> {
    const file = join(names.run, 'parts.json');
    if (!existsSync(file)) throw new Error(`the lab ${names.lab} is not up: npm run lab -- up`);
    return new Lab(names, JSON.parse(await readFile(file, 'utf8')) as Parts);
  }

  /** Ends everything and gives what could not be taken away: empty when all is well. */
  static async down(names = labNames()): Promise<readonly string[]> {
    await takeDown(names);
    return await leftovers(names);
  }

  /** Makes a VM and waits until the operator can log in. */
  async vm(name: string, ip: string, options: VmOptions = {}): Promise<VmRecord> {
    const record = await makeVm(this.#machines(), { name, ip, ...options });
    await bootVm(this.#machines(), record);
    return record;
  }

  async reboot(vm: string): Promise<void> {
    await rebootVm(this.names, vm);
  }

  async powerOff(vm: string): Promise<void> {
    await powerOff(this.#machines(), vm);
  }

  /** The power fails: no process gets a signal it could handle. The disk stays. */
  async powerLoss(vm: string): Promise<void> {
    await this.processes.kill(`vm-${vm}`);
  }

  async powerOn(vm: VmRecord): Promise<void> {
    await bootVm(this.#machines(), vm);
  }

  async removeVm(vm: string): Promise<void> {
    await removeVm(this.#machines(), vm);
  }

  /** Takes a pod or a plain host away: its processes, its network, its objects. */
  async removeMember(member: string): Promise<void> {
    await removeMember(this, member);
  }

  /** Takes all VMs, pods and hosts away; API server and istiod stay. */
  async removeMembers(): Promise<void> {
    for (const vm of await vmRecords(this.names)) await this.removeVm(vm.name);
    const spaces = (await namespacesLeft(this.names)).filter((space) => space !== this.names.hub);
    for (const space of spaces) await this.removeMember(space.slice(this.names.lab.length + 1));
  }

  async sshAnswers(vm: string): Promise<void> {
    await sshAnswers(this.names, vm);
  }

  /** A mesh client with its own sidecar: network namespace, capture, pilot-agent, Envoy; service account = name. */
  async pod(name: string, ip: string, options: PodOptions = {}): Promise<void> {
    const labels = options.labels ?? { app: name };
    const proxy: Proxy = { name, ip, namespace: options.namespace ?? 'vm', labels, role: 'sidecar' };
    await startProxy(this, proxy);
    if (options.http) await this.#podHttp(proxy, options.http);
  }

  /** A machine without a sidecar: a client outside the mesh. */
  async host(name: string, ip: string): Promise<void> {
    await attach(this.names, { name, ip });
    await resolveNames(namespaceOf(this.names, name), []);
  }

  async gateway(ip = '10.150.0.30'): Promise<void> {
    await startGateway(this, ip);
  }

  /** The cluster of the older generation beside the mesh, with the cluster's DNS on 10.150.0.7. */
  async startClassic(): Promise<void> {
    // A second of each would find the ports taken, or share them with the first before it knows the cluster.
    if (await this.processes.running('cluster-dns')) return;
    await startClassic(this);
    await startDns(this, this.classic);
    await this.classic.writeKubeconfig('operator', this.classicKubeconfig);
  }

  async stopIstiod(): Promise<void> {
    await this.processes.stop('istiod');
  }

  async startIstiod(): Promise<void> {
    await startIstiod(this);
  }

  async cutCable(member: string): Promise<void> {
    await setCable(this.names, member, false);
  }

  async plugCable(member: string): Promise<void> {
    await setCable(this.names, member, true);
  }

  /** Forgets the tracked connections of a VM or pod, as idle time does. */
  async flushConntrack(member: string): Promise<void> {
    await must(this.inArgv(member, ['conntrack', '-F']));
  }

  async sniff(filter: string): Promise<Sniffer> {
    return await sniff(this, filter);
  }

  async fullDisk(vm: string, folder: string, freeKib = 0): Promise<FullDisk> {
    return await mountFullDisk(this.names, vm, { folder, freeKib });
  }

  #machines(): { names: Names; roots: Parts['roots']; processes: Processes } {
    return { names: this.names, roots: this.parts.roots, processes: this.processes };
  }

  async #podHttp(pod: Proxy, http: NonNullable<PodOptions['http']>): Promise<void> {
    await this.mesh.apply(podService(pod, { protocol: 'http', ...http }));
    const program = join(this.names.project, 'test/lab/guest/lab-http.py');
    const argv = ['python3', program, String(http.port), ...(http.ratingsFrom ? [http.ratingsFrom] : [])];
    await this.processes.start(`http-${pod.name}`, { argv, namespace: namespaceOf(this.names, pod.name) });
    const ask = ['curl', '-sf', '--max-time', '2', `http://127.0.0.1:${http.port}/headers`];
    const answers = async (): Promise<boolean> => (await this.in(pod.name, ask)).exitCode === 0;
    await this.processes.answers(`http-${pod.name}`, `the HTTP service of ${pod.name}`, answers);
  }
}
