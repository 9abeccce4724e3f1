import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { Stdin } from './host.ts';
import type { Program } from './program.ts';

const CHUNK = 64 * 1024;

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK);
}

function source(stdin: Stdin | undefined): Readable {
  if (typeof stdin === 'function') return stdin();
  const bytes = typeof stdin === 'string' ? Buffer.from(stdin) : (stdin ?? new Uint8Array());
  return Readable.from(slices(bytes), { objectMode: false });
}

/**
 * Writes stdin with backpressure, then ends it. A program that ends without reading is no failure. After a failure of the source or an
 * abort stdin stays open, as its end would make half a file look complete. Throws what the source throws.
 */
export async function feed(stdin: Stdin | undefined, program: Program, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const over = new AbortController();
  const stop = () => over.abort();
  void program.ended.then(stop);
  signal.addEventListener('abort', stop, { once: true });
  const from = source(stdin);
  // The program's ending shows a failure of the pipe (EPIPE).
  program.stdin.on('error', stop);
  over.signal.addEventListener('abort', () => from.destroy(), { once: true });
  try {
    for await (const chunk of from) {
      if (over.signal.aborted) return;
      if (!program.stdin.write(chunk)) await once(program.stdin, 'drain', { signal: over.signal });
    }
    if (!over.signal.aborted) program.stdin.end();
  } catch (error) {
    if (!over.signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
