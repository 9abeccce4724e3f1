import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

/** Lower-case hexadecimal sha256, as `sha256sum` prints it; a string counts as UTF-8. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

// One block for all of it: new memory for each would cost as much as the sum itself.
const SUM = `
const { readSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const hash = require('node:crypto').createHash('sha256');
const block = Buffer.allocUnsafeSlow(1024 * 1024);
for (let read; (read = readSync(workerData, block)) > 0; ) hash.update(block.subarray(0, read));
parentPort.postMessage(hash.digest('hex'));
`;

/**
 * The same of a file, in a thread of its own: a package has 45 MB, and while it is read the thread that asks opens connections.
 * Throws what the file system throws, and the reason of the signal.
 */
export async function fileSha256(path: string, signal?: AbortSignal): Promise<string> {
  signal?.throwIfAborted();
  await using file = await open(path);
  const worker = new Worker(SUM, { eval: true, workerData: file.fd, execArgv: [], env: {} });
  try {
    const [sum] = (await once(worker, 'message', { signal })) as [string];
    return sum;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    // Before the file is closed: its number may be another's then.
    await worker.terminate();
  }
}
