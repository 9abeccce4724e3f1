import { randomUUID } from 'node:crypto';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** Who holds a lock touches its file this often; a file that is older than the limit was left by a process that died. */
const TOUCH_MS = 2000;
const DEAD_MS = 20_000;
const POLL_MS = 100;

/**
 * Runs `body` while no other process that asks for the same lock file runs its own. A lock of a process that died is taken over. It
 * saves work twice done; two bodies at once must still be harmless. Throws the reason of the signal, and what the file system throws.
 */
export async function whileLocked<T>(
  path: string,
  { signal, waiting }: { readonly signal: AbortSignal; readonly waiting: () => void },
  body: () => Promise<T>,
): Promise<T> {
  const token = `${process.pid} ${hostname()} ${randomUUID()}\n`;
  for (let tries = 0; !(await created(path, token)); tries += 1) {
    if (tries === 0) waiting();
    if (await isLeft(path)) await rm(path, { force: true });
    else await delay(POLL_MS, undefined, { signal });
  }
  const touching = setInterval(() => void touch(path), TOUCH_MS);
  try {
    return await body();
  } finally {
    clearInterval(touching);
    if ((await readFile(path, 'utf8').catch(() => '')) === token) await rm(path, { force: true });
  }
}

async function created(path: string, token: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(token);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Notes that a file is in use now; a file that is gone is no error. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => undefined);
}

/** Whether the process that created it is gone. */
async function isLeft(path: string): Promise<boolean> {
  try {
    const [pid = '', host] = (await readFile(path, 'utf8')).trim().split(' ');
    if (host === hostname() && /^[1-9]\d{0,9}$/.test(pid) && !isRunning(Number(pid))) return true;
    return Date.now() - (await stat(path)).mtimeMs > DEAD_MS;
  } catch {
    // It ended meanwhile.
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
