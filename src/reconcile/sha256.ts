import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** Lower-case hexadecimal sha256, as `sha256sum` prints it; a string is UTF-8. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The same of a file. Throws what the file system throws, and the reason of the signal. */
export async function fileSha256(path: string, signal?: AbortSignal): Promise<string> {
  await using file = await open(path);
  const hash = createHash('sha256');
  // One buffer for the whole file, read in pieces, so connections can be opened meanwhile.
  const block = Buffer.allocUnsafeSlow(1024 * 1024);
  for (;;) {
    signal?.throwIfAborted();
    const { bytesRead } = await file.read(block, 0, block.length);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(block.subarray(0, bytesRead));
  }
}
