import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Command, Host, Output } from '../../src/host/run/host.ts';
import { LocalHost } from '../../src/host/local-host.ts';
import { apply, type ApplyOptions, type Outcome } from '../../src/reconcile/apply.ts';
import { gatherFacts } from '../../src/reconcile/facts.ts';
import { plan, type Plan } from '../../src/reconcile/plan.ts';
import type { Resource, Step } from '../../src/reconcile/resource.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export { temporaryFolder };

// Each test starts some hundred small programs; how long that takes is the machine's affair.
jest.setTimeout(60_000);

/** The user who runs the tests, as `owner` of a want. */
export const ME = userInfo().username;

/** Which file of programs/ replaces a program. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  systemctl: ['systemctl'],
  dpkg: ['dpkg'],
  accounts: ['getent', 'groupadd', 'useradd', 'groupdel', 'userdel'],
  rpm: ['rpm'],
  others: ['journalctl', 'dpkg-query', 'restorecon'],
};

/**
 * The machine that runs the tests, with small stand-ins for the programs that would change it. All state is below one
 * temporary folder. Counts what was run.
 */
export class ShimMachine implements Host {
  readonly name = 'shim-vm';
  readonly folder = temporaryFolder();
  readonly state = join(this.folder, 'state');
  readonly ran: string[] = [];
  readonly commands: Command[] = [];
  /** A script of this name ends with exit code 1 and does nothing. */
  breaks = '';
  readonly #local = new LocalHost();

  constructor() {
    const bin = join(this.folder, 'bin');
    for (const each of [bin, this.state, join(this.state, 'units'), this.path('etc')])
      mkdirSync(each, { recursive: true });
    for (const [file, names] of Object.entries(PROGRAMS)) {
      for (const name of names) {
        copyFileSync(new URL(`programs/${file}.sh`, import.meta.url), join(bin, name));
        chmodSync(join(bin, name), 0o755);
      }
    }
  }

  /** A path on the machine, below the temporary folder. */
  path(...parts: string[]): string {
    return join(this.folder, 'vm', ...parts);
  }

  read(path: string): string {
    return readFileSync(path, 'utf8');
  }

  /** The lines of the undo journal; [] when there is none. */
  journal(): readonly string[] {
    const index = this.path('var/lib/meshx/undo/index');
    const lines = existsSync(index) ? this.read(index).trim().split('\n') : [];
    return lines.filter((line) => !line.startsWith('tables'));
  }

  async run(command: Command, signal?: AbortSignal): Promise<Output> {
    this.commands.push(command);
    this.ran.push(command.argv.find((word) => word.startsWith('meshx-')) ?? command.argv[0]);
    if (this.breaks !== '' && this.ran.at(-1) === this.breaks) return { exitCode: 1, stdout: '', stderr: 'broken' };
    const env = [
      `PATH=${join(this.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      `STATE=${this.state}`,
      `TARGET=${this.path()}`,
      `MESHX_RUN=${this.path('run/meshx')}`,
      `MESHX_PICTURE=${this.path()}`,
      `MESHX_STATE=${this.path('var/lib/meshx')}`,
      `MESHX_UNDO=${this.path('var/lib/meshx/undo')}`,
      `MESHX_AUDIT=${this.path('var/lib/meshx/audit')}`,
    ];
    return this.#local.run({ ...command, argv: ['env', ...env, ...command.argv], asRoot: false }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#local[Symbol.asyncDispose]();
  }
}

/** One step with these resources. */
export function step(...wants: readonly Resource[]): Step {
  return { id: 'step', title: 'A step', wants };
}

/** The plan of these resources on this machine, now. */
export async function planFor(host: Host, ...wants: readonly Resource[]): Promise<Plan> {
  const steps = [step(...wants)];
  return plan(steps, await gatherFacts(steps, host));
}

/** Applies a plan and gives all its outcomes. */
export async function outcomes(planned: Plan, host: Host, options: Partial<ApplyOptions> = {}): Promise<Outcome[]> {
  const found: Outcome[] = [];
  const sources = { secret: async (name: string) => `the-secret-${name}` };
  for await (const outcome of apply(planned, host, { sources, ...options })) found.push(outcome);
  return found;
}

/** Brings the machine up to date; fails when a step does. */
export async function reconcile(host: Host, ...wants: readonly Resource[]): Promise<void> {
  for (const { problem } of await outcomes(await planFor(host, ...wants), host)) if (problem) throw problem;
}
