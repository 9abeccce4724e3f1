import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorText } from '../../cluster/api/foreign-error.ts';
import { hostPort } from '../../mesh/address.ts';
import { withTimeLimit } from '../../time-limit.ts';
import type { World } from '../../world.ts';
import { isOwnOnly, isWildcard, routeAddress } from './own-address.ts';
import { Relay } from './relay.ts';

/** What is forwarded, and to where. */
export interface Forwarding {
  /** For people: `Kiali`, `Service istio-system/istio-ingressgateway`. */
  readonly what: string;
  /** IP address to listen on. */
  readonly address: string;
  readonly port: number;
  /** Takes another port if that one is in use. */
  readonly otherPort: boolean;
  readonly open: (signal: AbortSignal) => Promise<Duplex>;
  /** Of a URL, with the path that is asked for once; absent for what is not HTTP. */
  readonly http?: { readonly scheme: 'http' | 'https'; readonly path: string };
}

export interface Forward {
  /** A URL, or HOST:PORT. */
  readonly place: string;
  /** What the operator should know. */
  readonly notes: readonly string[];
}

const PROBE_MS = 10_000;

/** Forwards until the run is stopped. `started` gets the place once connections are taken. Throws Problems. */
export async function forward(
  { signal, note }: World,
  forwarding: Forwarding,
  started: (forward: Forward) => Promise<void> | void,
): Promise<void> {
  const { address, port, open, http } = forwarding;
  const failed = (line: string): void => note(`note: ${line}`);
  await using relay = await Relay.start({ ...forwarding, note: failed });
  const own = isWildcard(address) ? await routeAddress() : address;
  const authority = hostPort(own, relay.port);
  const place = http ? `${http.scheme}://${authority}${http.path}` : authority;
  const silent = http?.scheme === 'http' ? await silence(open, http.path, signal) : undefined;
  const notes = [
    ...(relay.port === port || port === 0 ? [] : [`port ${port} is in use: ${relay.port} is taken instead`]),
    ...exposed(forwarding),
    ...(silent === undefined ? [] : [`${forwarding.what} does not answer yet: ${silent}`]),
  ];
  if (signal.aborted) return;
  await started({ place, notes });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function exposed({ address, what }: Forwarding): readonly string[] {
  if (isOwnOnly(address)) return [];
  const where = isWildcard(address) ? 'all addresses of this machine' : address;
  return [`warning: bound to ${where}: everyone who reaches it reaches ${what}, without a password of meshx`];
}

/** Why one request gets no answer; undefined if it gets one. A server's own error is an answer. */
async function silence(open: Forwarding['open'], path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    await withTimeLimit(PROBE_MS, signal, async (until) => {
      const connection = await open(until);
      try {
        await answered(connection, path === '' ? '/' : path, until);
      } finally {
        connection.destroy();
      }
    });
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}

function answered(connection: Duplex, path: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.on('error', reject);
    // as: node:http takes any stream for a socket.
    const createConnection = () => connection as never;
    const sent = request({ host: 'localhost', path, createConnection, signal, agent: false }, (response) => {
      response.destroy();
      resolve();
    });
    sent.on('error', reject).end();
  });
}
