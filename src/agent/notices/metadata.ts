import { setTimeout as delay } from 'node:timers/promises';
import { exchange } from '../../cluster/api/live/http-exchange.ts';
import { withTimeLimit } from '../../time-limit.ts';
import { backoffMs } from '../report/backoff.ts';

/** One value of the machine in Compute Engine's metadata server, as it changes. */
export interface MetadataWatch {
  /** Origin of the server. */
  readonly server: string;
  /** The value below `instance/`. */
  readonly key: string;
  readonly signal: AbortSignal;
  readonly onValue: (value: string) => void;
  /** After the first failure, and after the first answer that follows. */
  readonly onReachable: (failure: string | undefined) => void;
  /** For tests: milliseconds between two requests at least, and at most after failures. */
  readonly pauses?: { readonly least: number; readonly most: number };
}

/** Seconds that the server may hold a request without a change. */
const HOLD = 60;
const LIMIT_MS = (HOLD + 15) * 1000;
/** A value is one word. MiB. */
const LIMIT_MIB = 1 / 1024;
const PAUSES = { least: 500, most: 60_000 } as const;

/**
 * Follows a value until the signal: the server answers a request at once when the value differs from the one with the given entity tag.
 * Calls back for each answer. A server that is no metadata server, or does not answer, is asked again ever more slowly. Never rejects.
 *
 * Format: https://cloud.google.com/compute/docs/metadata/querying-metadata#waitforchange
 */
export async function followMetadata(watch: MetadataWatch): Promise<void> {
  const { signal, onValue, onReachable, pauses = PAUSES } = watch;
  let [etag, failures]: [string | undefined, number] = [undefined, 0];
  while (!signal.aborted) {
    try {
      const answer = await askOnce(watch, etag);
      if (failures > 0) onReachable(undefined);
      [etag, failures] = [answer.etag, 0];
      onValue(answer.value);
    } catch (error) {
      if (signal.aborted) return;
      if (failures++ === 0) onReachable(error instanceof Error ? error.message : String(error));
      etag = undefined;
    }
    // Also a server that holds no request must not keep the machine busy.
    const pause = pauses.least + backoffMs(failures && failures + 4, 1, pauses.most);
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
}

async function askOnce({ server, key, signal }: MetadataWatch, etag: string | undefined) {
  const url = new URL(`/computeMetadata/v1/instance/${key}`, server);
  url.searchParams.set('alt', 'text');
  const wait = { wait_for_change: 'true', timeout_sec: String(HOLD), last_etag: etag ?? '' };
  if (etag !== undefined) for (const [name, value] of Object.entries(wait)) url.searchParams.set(name, value);
  // The header keeps requests away that a browser or a proxy could be made to send.
  const headers = { 'metadata-flavor': 'Google' };
  const options = { headers, agent: false, mostMiB: LIMIT_MIB };
  const { status, ...answer } = await withTimeLimit(LIMIT_MS, signal, (limited) =>
    exchange(url, { ...options, signal: limited }),
  );
  const value = answer.body.trim();
  if (status !== 200) throw new Error(`the answer has status ${status}`);
  if (answer.headers['metadata-flavor'] !== 'Google') throw new Error('the answer is not of a metadata server');
  if (!/^[A-Z_]{1,64}$/.test(value)) throw new Error('the answer is not one word');
  const tag = answer.headers.etag ?? '';
  return { value, etag: /^[\w"./-]{1,64}$/.test(tag) ? tag : undefined };
}
