import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { withTimeLimit } from '../../time-limit.ts';
import { errorCode } from '../api/foreign-error.ts';
import { clusterProblems } from '../../problems/cluster.ts';

/** The addresses of a host name, [] when it has none. */
export type Lookup = (hostname: string) => Promise<readonly string[]>;

const LIMIT_MS = 5_000;

/** The resolver of this machine, including /etc/hosts. */
export const systemResolver: Lookup = async (hostname) => {
  try {
    return (await systemLookup(hostname, { all: true, verbatim: true })).map((found) => found.address);
  } catch (error) {
    // EAI_AGAIN means that no resolver answers. Either way the name has no address here.
    if (errorCode(error) !== undefined) return [];
    throw error;
  }
};

/**
 * The addresses of a host name, IPv4 first and sorted: the same answer must give the same file. Throws
 * `address-unresolvable` when there is none within 5 s.
 */
export async function resolveHost(hostname: string, lookup: Lookup, signal?: AbortSignal): Promise<readonly string[]> {
  if (isIP(hostname) !== 0) return [hostname];
  const found = await withTimeLimit(LIMIT_MS, signal, (until) => Promise.race([lookup(hostname), aborted(until)]));
  if (signal?.aborted) throw clusterProblems.interrupted({ request: `resolve ${hostname}` });
  if (found === undefined || found.length === 0) throw clusterProblems.addressUnresolvable({ hostname });
  return [...new Set(found)].toSorted((one, other) => isIP(one) - isIP(other) || compareText(one, other));
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

/** By code units, independent of the locale. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
