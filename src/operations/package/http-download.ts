import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { finished } from 'node:stream/promises';
import { fileSha256 } from '../../reconcile/sha256.ts';
import { withTimeLimit } from '../../time-limit.ts';
import { packageProblems } from '../../problems/sidecar-package.ts';
import { httpGet, type HttpSettings, reasonOf, shownUrl } from './http-get.ts';

/** A file whose digest is known. */
export interface Download extends HttpSettings {
  readonly url: URL;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** Where the bytes go. What an interrupted download left there is continued. */
  readonly part: string;
  /** For the whole download, in milliseconds; ten minutes by default. */
  readonly timeoutMs?: number;
}

/** istio-sidecar has about 45 MB; a larger download is something else. */
const MOST_BYTES = 512 * 1024 * 1024;

/** A connection that breaks is continued so often, as long as each brings something. */
const ATTEMPTS = 4;

/**
 * Fetches a file and checks it; the part then has its bytes. A part that is continued and turns out wrong is fetched once more from its
 * beginning. Throws `package-download-failed`, `package-sha256-wrong`, and the reason of the signal.
 */
export async function download(wanted: Download): Promise<void> {
  const { url, sha256, part, timeoutMs = 600_000, signal } = wanted;
  const began = await sizeOf(part);
  await withTimeLimit(timeoutMs, signal, (limited) => fetchAll({ ...wanted, signal: limited }));
  const found = await fileSha256(part, signal);
  if (found === sha256) return;
  await rm(part, { force: true });
  if (began > 0) return await download(wanted);
  throw packageProblems.sha256Wrong({ path: shownUrl(url), wanted: sha256, found });
}

async function fetchAll(wanted: Download): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await sizeOf(wanted.part);
    try {
      return await fetchRest(wanted, before);
    } catch (error) {
      wanted.signal.throwIfAborted();
      const brought = (await sizeOf(wanted.part)) > before;
      if (brought && attempt < ATTEMPTS && isBroken(error)) continue;
      throw packageProblems.downloadFailed({ url: shownUrl(wanted.url), reason: reasonOf(error) }, error);
    }
  }
}

/** The server's answer is not the reason, so another request may bring the rest. */
function isBroken(error: unknown): boolean {
  return !(error instanceof RangeError);
}

async function fetchRest({ url, part, ...settings }: Download, from: number): Promise<void> {
  // Opened before: what arrives while a file is opened is lost if the connection then breaks.
  await using file = await open(part, 'a', 0o600);
  const headers = { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) };
  const answer = await httpGet(url, { ...settings, headers });
  // The part is as long as the file, or longer.
  if (answer.statusCode === 416 && from > 0) {
    answer.destroy();
    await rm(part, { force: true });
    return await fetchRest({ url, part, ...settings }, 0);
  }
  await written(answer, { file, start: startOf(answer, from) });
}

/** Chunks that wait to be written, in bytes; more than these make the connection wait. */
const MOST_WAITING = 8 * 1024 * 1024;

/** Takes each chunk as it arrives: what a stream still holds is lost when its connection breaks, and a download continues with less. */
async function written(
  answer: IncomingMessage,
  { file, start }: { readonly file: FileHandle; readonly start: number },
): Promise<void> {
  let [bytes, waiting] = [start, 0];
  let writing = start === 0 ? file.truncate(0) : Promise.resolve();
  const write = async (chunk: Buffer): Promise<void> => {
    await file.writeFile(chunk);
    waiting -= chunk.length;
    answer.resume();
  };
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    waiting += chunk.length;
    if (bytes > MOST_BYTES) answer.destroy(new RangeError(`it is larger than ${MOST_BYTES / 1024 / 1024} MiB`));
    if (waiting > MOST_WAITING) answer.pause();
    writing = writing.then(() => write(chunk));
    writing.catch((error: Error) => answer.destroy(error));
  });
  await finished(answer).finally(() => writing);
  await file.sync();
}

/** Where the answer's bytes begin in the file. A server may send the whole file instead of its rest. */
function startOf(answer: IncomingMessage, from: number): number {
  const { statusCode, statusMessage, headers } = answer;
  const fail = (reason: string): never => {
    answer.destroy();
    throw new RangeError(reason);
  };
  if (statusCode === 200) return 0;
  if (statusCode !== 206) return fail(`the server answers ${statusCode} ${statusMessage}`);
  const start = /^bytes (\d+)-\d+\//.exec(headers['content-range'] ?? '')?.[1];
  return Number(start) === from ? from : fail('the server sends another part than the one that was requested');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
