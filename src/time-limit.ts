/**
 * Runs `body` with a signal that aborts with `signal`, or with a TimeoutError after `ms` milliseconds. Node.js 20 may garbage-collect an
 * AbortSignal.timeout() that only AbortSignal.any() references, which then never aborts; this timer stays referenced.
 */
export async function withTimeLimit<T>(
  ms: number,
  signal: AbortSignal | undefined,
  body: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new DOMException('The time limit is over.', 'TimeoutError')), ms);
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    return await body(controller.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
