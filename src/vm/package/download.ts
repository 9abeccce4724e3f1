import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withTimeLimit } from '../../host/run/time-limit.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';

/** istio-sidecar has some 45 MB; a server that sends this much sends something else. */
const BYTE_LIMIT = 1024 * 1024 * 1024;

export interface Download {
  readonly url: string;
  /** Lower-case hexadecimal; what arrives must have it. */
  readonly sha256: string;
  /** Where the file goes. One that is there is used: its name holds its sha256, and it came there complete. */
  readonly path: string;
  /** Milliseconds for the whole download; ten minutes when absent. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** Fetches a package on the operator's machine, checks it, and puts it into place in one move. */
export async function download({ url, sha256, path, timeoutMs = 600_000, signal }: Download): Promise<void> {
  if (
    await stat(path).then(
      (found) => found.isFile(),
      () => false,
    )
  )
    return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.${process.pid}.part`;
  try {
    const found = await withTimeLimit(timeoutMs, signal, (limited) => fetchInto(part, url, limited));
    if (found !== sha256) throw packageProblems.sha256Wrong({ path: url, wanted: sha256, found });
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

/** The sha256 of what arrived. */
async function fetchInto(part: string, url: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  let bytes = 0;
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(bytes > BYTE_LIMIT ? new RangeError('it is larger than 1 GiB') : null, chunk);
    },
  });
  try {
    const answer = await fetch(url, { signal, redirect: 'follow' });
    if (!answer.ok || !answer.body) throw new RangeError(`the server answers ${answer.status} ${answer.statusText}`);
    // fetch's stream type and Node's differ in name only.
    const body = Readable.fromWeb(answer.body as Parameters<typeof Readable.fromWeb>[0]);
    await pipeline(body, measure, createWriteStream(part, { mode: 0o600, flush: true }), { signal });
    return hash.digest('hex');
  } catch (cause) {
    throw packageProblems.downloadFailed({ url, reason: reasonOf(cause) }, cause);
  }
}

/** fetch hides what happened in `cause`: "fetch failed" alone helps nobody. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
