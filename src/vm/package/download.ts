import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { withTimeLimit } from '../../time-limit.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';

/** istio-sidecar has about 45 MB; a larger download is something else. */
const BYTE_LIMIT = 1024 * 1024 * 1024;

export interface Download {
  readonly url: string;
  /** Expected digest, lower-case hexadecimal. */
  readonly sha256: string;
  /** Target path. An existing file is used: its path contains its sha256, and only complete files get there. */
  readonly path: string;
  /** For the whole download, in milliseconds; ten minutes by default. */
  readonly timeoutMs?: number;
  readonly signal: AbortSignal;
}

/** Fetches a package on the operator's machine, checks it, and renames it to its path. */
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

/** Returns the sha256 of the download. */
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

/** fetch has the reason in `cause`; its own message is only "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
