import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parseIp } from '../../mesh/address.ts';
import { viewProblems } from '../../problems/views.ts';

/** Where to listen: an address, or one of this machine's own by the way to the cluster or by the name of an interface. */
export type ListenAddress =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'route' }
  | { readonly kind: 'interface'; readonly name: string };

/** Any address: a packet is never sent there. */
const ELSEWHERE = '192.0.2.1';

/** The IP address to listen on. `server` is the host of the API server. Throws `interface-unknown`. */
export async function listenAddress(wanted: ListenAddress, server?: string): Promise<string> {
  switch (wanted.kind) {
    case 'address':
      return wanted.address;
    case 'route':
      return await routeAddress(server);
    case 'interface':
      return interfaceAddress(wanted.name);
  }
}

/** The address from which this machine reaches another one; that of its default route when nothing is known of the other. */
export async function routeAddress(server = ELSEWHERE): Promise<string> {
  const found = (await localAddress(server)) ?? (await localAddress(ELSEWHERE));
  return found === undefined || isLoopback(found) ? (firstExternal() ?? '127.0.0.1') : found;
}

/** Connecting a UDP socket asks the kernel for the route, and sends nothing. */
function localAddress(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    const done = (address: string | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.on('error', () => done(undefined));
    socket.connect(9, host, () => done(socket.address().address));
  });
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function firstExternal(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')?.address;
}

/** IPv4 first. Link-local addresses need a zone, which a URL cannot have. */
function interfaceAddress(name: string): string {
  const all = networkInterfaces();
  const usable = (Object.hasOwn(all, name) ? (all[name] ?? []) : []).filter(({ address }) => !/^fe80:/i.test(address));
  const found = usable.find(({ family }) => family === 'IPv4') ?? usable[0];
  if (found !== undefined) return parseIp(found.address);
  throw viewProblems.interfaceUnknown({ name, known: Object.keys(all) });
}

/** True for an address that stands for all of the machine's. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** True for an address that only this machine reaches. */
export function isOwnOnly(address: string): boolean {
  return isLoopback(address);
}
