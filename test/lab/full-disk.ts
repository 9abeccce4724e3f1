import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { shellFile } from '../../src/text-files.ts';
import { must, mustShell, run } from './command.ts';
import type { Names } from './names.ts';
import { initPid } from './vm.ts';
import { waitFor } from './wait.ts';

/** A disk without room, mounted over a folder of a running VM until disposed. */
export interface FullDisk extends AsyncDisposable {
  readonly folder: string;
}

/**
 * Mounts a small ext4 image on `folder` inside the VM, with what was there copied into it, and fills it to the last
 * block. `freeKib` leaves that much.
 */
export async function mountFullDisk(
  names: Names,
  vm: string,
  wanted: { folder: string; freeKib?: number },
): Promise<FullDisk> {
  const image = join(names.run, 'vms', vm, `disk-${Date.now().toString(36)}.img`);
  // mount(8) looks into /proc/self, which is there only for a process of the VM's own process namespace.
  const inside = ['nsenter', '--target', await initPid(names, vm), '--mount', '--pid', '--root'];
  const { folder, freeKib } = wanted;
  const used = Number((await must([...inside, 'du', '-skx', folder])).split('\t')[0]);
  await mustShell('truncate -s "$2" "$1"; mkfs.ext4 -q -m 0 -O ^has_journal "$1"', [image, `${used + 16 * 1024}K`]);
  const loop = (await must(['losetup', '--find', '--show', image])).trim();
  const device = `/dev/meshx-lab-${loop.split('/').pop()}`;
  const [major = '', minor = ''] = (await must(['stat', '-c', '%Hr %Lr', loop])).trim().split(' ');
  await must([...inside, 'sh', '-euc', MOUNT, 'sh', device, folder, major, minor]);
  if (freeKib) await must([...inside, 'truncate', '-s', `-${freeKib}K`, `${folder}/.fills-the-disk`]);
  return {
    folder,
    [Symbol.asyncDispose]: async () => {
      const script = '{ umount "$1" || umount -l "$1"; } 2>/dev/null; rm "$2"';
      await must([...inside, 'sh', '-euc', script, 'sh', folder, device]);
      await run(['losetup', '--detach', loop]);
      await rm(image, { force: true });
    },
  };
}

const MOUNT = shellFile(new URL('full-disk.sh', import.meta.url)).text;

/** Leaves no byte on the disk of a machine that was made with `diskMib`. `folder` is the machine's own. */
export async function fillMachineDisk(folder: string): Promise<void> {
  // The machine writes meanwhile, and a size below what is used is refused, so it is measured again.
  await waitFor('the disk to be full', async () => {
    const { blocks, bfree, bsize } = await statfs(folder);
    return (await run(['mount', '-o', `remount,size=${(blocks - bfree) * bsize}`, folder])).exitCode === 0;
  });
}

/** The size of a machine's disk again, mebibytes. */
export async function growMachineDisk(folder: string, mib: number): Promise<void> {
  await must(['mount', '-o', `remount,size=${mib}m`, folder]);
}
