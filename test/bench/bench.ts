import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyProgram } from '../faults/operator.ts';
import type { Lab } from '../lab/lab.ts';
import { ansibleRecipe } from './alternatives/ansible-recipe.ts';
import { built } from '../lab/cache.ts';
import { Inside } from './inside.ts';
import { Vms } from './vms.ts';

/** What every series uses. */
export interface Bench extends AsyncDisposable {
  readonly lab: Lab;
  readonly inside: Inside;
  readonly vms: Vms;
  /** argv of meshx, a copy that no build changes meanwhile. */
  readonly meshx: readonly string[];
  /** Folder with Ansible's Python packages. */
  readonly ansible: string;
  /** Folder for what a run writes. */
  readonly folder: string;
  /** True when the lab goes after the run: what fills it need not be taken away. */
  readonly ownLab: boolean;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Address of istiod in the lab, and of every VM's way to it. */
export const ISTIOD = '10.150.0.1';

/** Brings what is measured and what measures: the copy of meshx, Ansible, the process at the operator's seat. */
export async function openBench(lab: Lab, run: Pick<Bench, 'note' | 'signal' | 'ownLab'>): Promise<Bench> {
  const { note, signal } = run;
  const ansible = await built(lab.names, ansibleRecipe, note);
  const meshx = [process.execPath, await entryOf(await copyProgram(lab))];
  const inside = await Inside.start(lab);
  const vms = new Vms(lab);
  const folder = join(lab.names.run, 'bench');
  // What is measured just now ends with it, and the request for it fails.
  signal.addEventListener('abort', () => void inside[Symbol.asyncDispose]());
  const end = async (): Promise<void> => {
    await inside[Symbol.asyncDispose]();
    await vms.removeAll();
  };
  return { ...run, lab, inside, vms, meshx, ansible, folder, [Symbol.asyncDispose]: end };
}

/** What package.json says is run when someone types meshx. */
async function entryOf(program: string): Promise<string> {
  // as: our own package.json.
  const { bin } = JSON.parse(await readFile(join(program, 'package.json'), 'utf8')) as { bin: { meshx: string } };
  return join(program, bin.meshx);
}
