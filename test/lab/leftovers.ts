import { existsSync } from 'node:fs';
import { readFile, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { endGroup, groupsLeft, killGroup, members } from './cgroup.ts';
import { must, run } from './command.ts';
import type { Names } from './names.ts';
import { detach, namespacesLeft } from './network.ts';

/** Ends everything of a lab, whatever state it is in; also what a killed run left. */
export async function takeDown(names: Names): Promise<void> {
  await killGroup(names.lab, '');
  await endGroup(names.lab);
  for (const mount of await mountsLeft(names)) await run(['umount', '-l', mount]);
  for (const loop of await loopsLeft(names)) await run(['losetup', '--detach', loop]);
  for (const namespace of await namespacesLeft(names)) await detach(namespace);
  for (const folder of await traces(names)) await rm(folder, { recursive: true, force: true });
  await rm(names.run, { recursive: true, force: true });
  for (const folder of [dirname(names.run), '/etc/netns']) await rmdir(folder).catch(() => undefined);
}

/** What is still there of a lab, one line each. Empty after `takeDown`. */
export async function leftovers(names: Names): Promise<readonly string[]> {
  const processes = (await strayProcesses(names)).map((line) => `process ${line}`);
  const namespaces = (await namespacesLeft(names)).map((name) => `network namespace ${name}`);
  const mounts = (await mountsLeft(names)).map((path) => `mount ${path}`);
  const loops = (await loopsLeft(names)).map((path) => `loop device ${path}`);
  const groups = (await groupsLeft(names.lab)).map((path) => `control group ${path}`);
  const folders = [names.run, ...(await traces(names))].filter((path) => existsSync(path));
  return [...processes, ...namespaces, ...mounts, ...loops, ...groups, ...folders.map((path) => `folder ${path}`)];
}

/** Processes in the lab's groups, and any whose command line names the run folder: found in two independent ways. */
async function strayProcesses(names: Names): Promise<readonly string[]> {
  const found = new Map<string, string>();
  for (const pid of await members(names.lab)) found.set(String(pid), await commandLine(pid));
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const line = await commandLine(pid);
    if (line.includes(`${names.run}/`) && Number(pid) !== process.pid) found.set(pid, line);
  }
  return [...found].map(([pid, line]) => `${pid} ${line}`);
}

async function commandLine(pid: number | string): Promise<string> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return text.replaceAll('\0', ' ').slice(0, 200);
}

async function mountsLeft(names: Names): Promise<readonly string[]> {
  const lines = (await readFile('/proc/mounts', 'utf8')).split('\n');
  const paths = lines.map((line) => line.split(' ')[1] ?? '');
  return paths.filter((path) => path.startsWith(`${names.run}/`)).reverse();
}

async function loopsLeft(names: Names): Promise<readonly string[]> {
  const lines = (await must(['losetup', '--list', '--noheadings', '--output', 'NAME,BACK-FILE'])).split('\n');
  return lines.filter((line) => line.includes(`${names.run}/`)).map((line) => line.split(' ')[0] ?? '');
}

/** What nspawn and `ip netns exec` keep by name. */
async function traces(names: Names): Promise<readonly string[]> {
  const folders = ['/run/systemd/nspawn/propagate', '/run/systemd/nspawn/unix-export', '/etc/netns'];
  const found: string[] = [];
  for (const folder of folders) {
    const entries = await readdir(folder).catch(() => []);
    const own = entries.filter((entry) => entry === names.lab || entry.startsWith(`${names.lab}-`));
    found.push(...own.map((entry) => join(folder, entry)));
  }
  return found;
}
