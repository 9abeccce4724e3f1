import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toShell } from '../../src/shell-words.ts';
import { makeStrictNamespace } from '../e2e/support/strict.ts';
import { seedRatings } from '../e2e/support/ratings.ts';
import { type Ran, run } from '../lab/command.ts';
import { removeInstallation, writeInstallation } from '../lab/installation.ts';
import type { Lab } from '../lab/lab.ts';
import { homeOf } from '../lab/operator.ts';
import type { Variant } from './variants.ts';

export const NAMESPACE = 'broken';
export const VM = 'db1';
export const IP = '10.150.0.150';
/** The VM's entry. */
export const ENTRY = `${VM}-${IP}`;
const CALLER = 'caller';
const CALLER_IP = '10.150.0.151';

/** A check that does not hold, as `meshx check -o json` prints it. */
export interface Finding {
  readonly id: string;
  readonly outcome: 'error' | 'warning' | 'note' | 'skipped';
  readonly detail: string;
  readonly hint?: string;
}

/** One VM with two services behind a gateway, a pod that is its client, and the workstation where commands are typed. */
export class JoinedMesh implements AsyncDisposable {
  readonly lab: Lab;
  readonly #executable: string;
  readonly #variant: Variant;

  constructor(lab: Lab, executable: string, variant: Variant) {
    this.lab = lab;
    this.#executable = executable;
    this.#variant = variant;
  }

  /** Everything around the VM; once. */
  async settle(): Promise<void> {
    await this.#remove();
    await this.#makeCommands();
    await makeStrictNamespace(this.lab, NAMESPACE);
    await this.lab.gateway();
    await writeInstallation(this.lab);
    await this.#exposeByMeshx();
    await this.lab.pod(CALLER, CALLER_IP, { namespace: NAMESPACE });
  }

  /** The objects by which the gateway passes istiod are those of meshx, not those of the lab. */
  async #exposeByMeshx(): Promise<void> {
    const objects = ['gateways.networking.istio.io/istiod-gateway', 'virtualservices.networking.istio.io/istiod-vs'];
    await this.lab.kubectl(['-n', 'istio-system', 'delete', ...objects]);
    await this.mustType('meshx expose apply --mode gateway');
  }

  /** A new VM that joins. */
  async fresh(): Promise<void> {
    await this.#removeVm();
    const { suite, ipv6 } = this.#variant;
    await this.lab.vm(VM, IP, { suite, ...(ipv6 !== undefined && { ipv6 }) });
    await seedRatings(this.lab, VM);
    await this.lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
    const services = ['--service', 'mysqldb:3306', '--service', 'web:http:8080'];
    const agent = ['--agent-executable', this.#executable];
    const ran = await this.lab.meshx([
      'up',
      VM,
      '-n',
      NAMESPACE,
      ...services,
      ...agent,
      '--package',
      this.lab.deb,
      '--yes',
    ]);
    if (ran.exitCode !== 0) throw new Error(`the VM did not join: ${ran.stdout}${ran.stderr}`);
  }

  /** What `meshx check` finds. Throws if it prints no report. */
  async findings(words: readonly string[]): Promise<readonly Finding[]> {
    const ran = await this.lab.meshx(['check', ...words, '-o', 'json']);
    if (ran.stdout === '') throw new Error(`meshx check: ${ran.stderr}`);
    // as: written by src/checks/report/document.ts.
    const { checks } = JSON.parse(ran.stdout) as { readonly checks: readonly (Finding | { readonly outcome: 'ok' })[] };
    return checks.filter((each): each is Finding => each.outcome !== 'ok');
  }

  /** Runs a command line as a person at the workstation would. */
  async type(line: string): Promise<Ran> {
    const path = `PATH=${this.#commands}:${process.env['PATH'] ?? ''}`;
    const argv = [...this.lab.workstation(), path, 'bash', '-c', line];
    return await run(argv, { timeoutMs: 90_000, cwd: this.lab.home });
  }

  /** The same, and it must succeed. */
  async mustType(line: string): Promise<void> {
    const ran = await this.type(line);
    if (ran.exitCode !== 0) throw new Error(`${line}: ${ran.stdout}${ran.stderr}`);
  }

  get #commands(): string {
    return join(homeOf(this.lab.names), 'bin');
  }

  /** kubectl, istioctl, ssh and meshx by their names. */
  async #makeCommands(): Promise<void> {
    const { parts, names } = this.lab;
    const programs = {
      kubectl: [join(parts.kubernetes, 'kubectl')],
      istioctl: [join(parts.istio, 'istioctl')],
      ssh: ['/usr/bin/ssh', '-F', join(homeOf(names), '.ssh/config'), '-o', 'BatchMode=yes', '-o', 'ConnectTimeout=3'],
      meshx: [process.execPath, join(names.project, 'dist/meshx.js')],
    };
    await mkdir(this.#commands, { recursive: true });
    for (const [name, argv] of Object.entries(programs)) {
      const file = join(this.#commands, name);
      await writeFile(file, ['#!/bin/sh', `exec ${toShell(argv)} "$@"`, ''].join('\n'));
      await chmod(file, 0o755);
    }
    await this.lab.mesh.writeKubeconfig('viewer', join(this.lab.home, '.kube/viewer'));
  }

  async #removeVm(): Promise<void> {
    const file = join(this.lab.names.run, 'vms', VM, 'vm.json');
    if ((await readFile(file, 'utf8').catch(() => undefined)) !== undefined) await this.lab.removeVm(VM);
    const kinds = 'workloadgroups,workloadentries,serviceentries,sidecars,services,serviceaccounts';
    await this.lab.mesh.try(['-n', NAMESPACE, 'delete', kinds, '--all', '--wait=false']);
  }

  async #remove(): Promise<void> {
    await this.#removeVm();
    for (const member of [CALLER, 'gateway']) await this.lab.removeMember(member);
    await removeInstallation(this.lab);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove();
  }
}
