import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellFile } from '../../src/text-files.ts';
import type { Lab } from '../lab/lab.ts';
import { initPid } from '../lab/vm.ts';
import type { Fault } from './faults.ts';

const PROGRAM = '/usr/local/lib/meshx-lab/gate';
const FOLDER = '/tmp/meshx-faults';

/** Installed on the VM before meshx, so it is part of the machine's snapshot. */
const INSTALL = `set -- ${PROGRAM}
${shellFile(new URL('gate-install.sh', import.meta.url)).text}`;

/** A gate before every command of root and the operator on one VM: test/faults/gate.sh. Other users bypass it. */
export class Gate {
  readonly #lab: Lab;
  readonly #vm: string;

  constructor(lab: Lab, vm: string) {
    this.#lab = lab;
    this.#vm = vm;
  }

  async install(): Promise<void> {
    const text = await readFile(new URL('gate.sh', import.meta.url), 'utf8');
    await this.#lab.mustSsh(this.#vm, INSTALL, { input: text });
  }

  /** Counts from 1 again. Without a fault at a command it only counts. */
  async arm(fault: Fault | 'none'): Promise<void> {
    const [at, what] = fault !== 'none' && fault.where === 'command' ? [fault.at, fault.what] : [0, 'none'];
    await this.disarm();
    await this.#lab.mustSsh(this.#vm, `mkdir ${FOLDER}; chmod 777 ${FOLDER}`);
    const folder = await this.#folder();
    await writeFile(join(folder, 'lock'), '', { mode: 0o666 });
    await this.#lab.mustSsh(this.#vm, `chmod 666 ${FOLDER}/lock`, { user: 'root' });
    await writeFile(join(folder, 'armed'), `${at} ${what}\n`);
  }

  async disarm(): Promise<void> {
    await rm(await this.#folder(), { recursive: true, force: true });
  }

  /** True once the command that meets the fault is there. */
  async happened(): Promise<boolean> {
    return (await this.#read('event')) !== '';
  }

  /** The harness has done what it had to do: the command goes on. */
  async go(): Promise<void> {
    await writeFile(join(await this.#folder(), 'go'), '');
  }

  /** Names of the commands that arrived, in their order: `meshx-probe`. */
  async commands(): Promise<readonly string[]> {
    const count = Number(await this.#read('count'));
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    return await Promise.all(numbers.map(async (number) => commandName(await this.#read(`text.${number}`))));
  }

  async #read(name: string): Promise<string> {
    try {
      return (await readFile(join(await this.#folder(), name), 'utf8')).trim();
    } catch {
      // Not there yet, or the machine is down.
      return '';
    }
  }

  /** In the VM's own /tmp, seen from outside. */
  async #folder(): Promise<string> {
    return `/proc/${await initPid(this.#lab.names, this.#vm)}/root${FOLDER}`;
  }
}

/** `meshx-probe` of a script with that $0, else the program after the announcement. */
export function commandName(line: string): string {
  const script = /' (meshx-[a-z-]+)(?= |$)/.exec(line)?.[1];
  return script ?? /meshx-[0-9a-f]{24} (\S+)/.exec(line)?.[1] ?? line.slice(0, 40);
}
