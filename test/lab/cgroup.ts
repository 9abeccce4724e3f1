import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

/**
 * Each process of a lab starts in a control group LAB/NAME of its own. So the lab knows all of its processes, also
 * those whose parents are gone, and two booted VMs never share the groups that their systemd makes.
 */
async function hierarchies(): Promise<readonly string[]> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.flatMap(([, path, type, options]) =>
    path && (type === 'cgroup2' || (type === 'cgroup' && options?.includes('name=systemd'))) ? [path] : [],
  );
}

/** Makes the group in each hierarchy; gives the `cgroup.procs` files into which a process writes itself. */
export async function makeGroup(lab: string, name: string): Promise<readonly string[]> {
  const folders = (await hierarchies()).map((root) => join(root, lab, name));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  return folders.map((folder) => join(folder, 'cgroup.procs'));
}

/** Process ids in the group and in all groups below it, as this machine counts them. */
export async function members(lab: string, name = ''): Promise<readonly number[]> {
  const found = new Set<number>();
  for (const root of await hierarchies()) {
    for (const folder of await tree(join(root, lab, name))) {
      const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
      for (const line of text.split('\n')) if (Number(line) > 0) found.add(Number(line));
    }
  }
  return [...found];
}

/** Kills what is left in the group, waits until it is empty, and removes it. */
export async function endGroup(lab: string, name = ''): Promise<void> {
  await waitFor(`processes of ${lab}/${name} to end`, async () => {
    const left = await members(lab, name);
    for (const pid of left) kill(pid);
    return left.length === 0;
  });
  for (const root of await hierarchies()) {
    const folders = await tree(join(root, lab, name));
    for (const folder of folders.reverse()) await rmdir(folder).catch(() => undefined);
  }
}

/** Groups of this lab that still exist. */
export async function groupsLeft(lab: string): Promise<readonly string[]> {
  return (await hierarchies()).map((root) => join(root, lab)).filter((folder) => existsSync(folder));
}

/** Whole groups at once where the kernel can (cgroup.kill, 5.14): nothing escapes by forking. */
export async function killGroup(lab: string, name: string): Promise<void> {
  for (const root of await hierarchies()) {
    const file = join(root, lab, name, 'cgroup.kill');
    if (existsSync(file)) await writeFile(file, '1');
  }
}

/** Stops all processes of the group, or lets them go on. Throws where the kernel has no freezer in its second hierarchy. */
export async function freezeGroup(lab: string, name: string, isFrozen: boolean): Promise<void> {
  const files = (await hierarchies())
    .map((root) => join(root, lab, name, 'cgroup.freeze'))
    .filter((file) => existsSync(file));
  if (files.length === 0) throw new Error('this kernel cannot freeze a control group');
  for (const file of files) await writeFile(file, isFrozen ? '1' : '0');
}

async function tree(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => tree(join(folder, entry.name)));
  return [folder, ...(await Promise.all(below)).flat()];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself before the signal.
  }
}
