import { existsSync } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { must } from './command.ts';

const SOURCE = fileURLToPath(new URL('guest/clock.c', import.meta.url));
const LIBRARY = 'usr/local/lib/lab-clock.so';
const DIFFERENCE = 'var/lib/lab-clock';

/** Gives programs that start from now on in a machine's root a clock that `setClock` sets: those that guest/clock.c names. */
export async function giveClock(root: string): Promise<void> {
  if (existsSync(join(root, LIBRARY))) return;
  await writeFile(join(root, DIFFERENCE), Buffer.alloc(8));
  await must(['gcc', '-shared', '-fPIC', '-O2', '-o', join(root, LIBRARY), SOURCE]);
  await writeFile(join(root, 'etc/ld.so.preload'), `/${LIBRARY}\n`);
}

/** Sets that clock to so many seconds after the real one, at once and without a restart of anything. */
export async function setClock(root: string, seconds: number): Promise<void> {
  const difference = Buffer.alloc(8);
  difference.writeBigInt64LE(BigInt(seconds));
  // In place: the programs have the file in their memory.
  const file = await open(join(root, DIFFERENCE), 'r+');
  try {
    await file.write(difference, 0, 8, 0);
  } finally {
    await file.close();
  }
}
