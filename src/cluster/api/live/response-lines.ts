import type { IncomingMessage } from 'node:http';

/** The lines of an answer, until it ends or the signal aborts. The rest of a line longer than `longest` characters is left out. */
export async function* linesOf(response: IncomingMessage, longest: number, signal: AbortSignal): AsyncIterable<string> {
  const stop = (): void => void response.destroy();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let rest = '';
  try {
    response.setEncoding('utf8');
    for await (const part of response) {
      const lines = (rest + String(part)).split('\n');
      rest = (lines.pop() ?? '').slice(0, longest);
      yield* lines.map((line) => line.slice(0, longest));
    }
    if (rest !== '') yield rest;
  } catch (error) {
    // The reader stopped it, or the server closed the connection in the middle of a chunk.
    if (!signal.aborted && !response.readableAborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    response.destroy();
  }
}
