import ipaddr from 'ipaddr.js';
import { parseIp } from '../address.ts';
import type { KubeObject } from '../kube-object.ts';
import type { ServicePort } from '../service-port.ts';
import { list, mapping, text } from '../unknown.ts';

/** One subset of an Endpoints object: these addresses all serve these ports. */
export interface Subset {
  readonly addresses: readonly EndpointAddress[];
  readonly notReady: readonly EndpointAddress[];
  readonly ports: readonly ServicePort[];
}

/** An address and the other fields that Kubernetes keeps with it, such as nodeName. */
interface EndpointAddress {
  readonly ip: string;
  readonly rest: Readonly<Record<string, unknown>>;
}

/** An address with its ports. */
export interface Registered {
  readonly address: string;
  readonly ports: readonly ServicePort[];
}

/** Reads the subsets of an Endpoints object. A repeated address is kept once. */
export function parseSubsets(endpoints: KubeObject | undefined): readonly Subset[] {
  return list(endpoints?.['subsets']).map((raw) => {
    const subset = mapping(raw);
    return {
      addresses: parseAddresses(subset['addresses']),
      notReady: parseAddresses(subset['notReadyAddresses']),
      ports: list(subset['ports']).map(mapping).flatMap(parseSubsetPort),
    };
  });
}

/**
 * Moves the address into the subset with exactly these port numbers, or a new one. Its new ports replace the
 * former ones. The given port names apply to every subset.
 */
export function registerAddress(subsets: readonly Subset[], { address, ports }: Registered): readonly Subset[] {
  const names = new Map(ports.map(({ number, name }) => [number, name]));
  const renamed = subsets.map((subset) => ({
    ...subset,
    ports: subset.ports.map(({ number, name }) => ({ number, name: names.get(number) ?? name })),
  }));
  const home = renamed.find((subset) => numbers(subset.ports) === numbers(ports));
  const kept = home?.addresses.find(({ ip }) => sameIp(ip, address)) ?? { ip: address, rest: {} };
  const moved = renamed.map((subset) => {
    if (subset !== home) return without(subset, address);
    const isThere = subset.addresses.some(({ ip }) => sameIp(ip, address));
    const notReady = subset.notReady.filter(({ ip }) => !sameIp(ip, address));
    return { ...subset, notReady, addresses: isThere ? subset.addresses : [...subset.addresses, kept] };
  });
  const filled = moved.filter(isFilled);
  return home ? filled : [...filled, { addresses: [kept], notReady: [], ports }];
}

/** The subsets without an address; undefined when it is in none. */
export function removeAddress(subsets: readonly Subset[], address: string): readonly Subset[] | undefined {
  const everywhere = subsets.flatMap(({ addresses, notReady }) => [...addresses, ...notReady]);
  if (!everywhere.some(({ ip }) => sameIp(ip, address))) return undefined;
  return subsets.map((subset) => without(subset, address)).filter(isFilled);
}

/** Moves an address between ready and not ready in every subset. */
export function holdAddress(subsets: readonly Subset[], address: string, ready: boolean): readonly Subset[] {
  return subsets.map((subset) => {
    const held = [...subset.addresses, ...subset.notReady].filter(({ ip }) => sameIp(ip, address));
    const others = without(subset, address);
    const [key, list] = ready ? (['addresses', others.addresses] as const) : (['notReady', others.notReady] as const);
    return { ...others, [key]: [...list, ...held] };
  });
}

/** Whether an address gets connections; undefined when it is in no subset. */
export function isReady(subsets: readonly Subset[], address: string): boolean | undefined {
  const among = (addresses: readonly EndpointAddress[]) => addresses.some(({ ip }) => sameIp(ip, address));
  if (subsets.some((subset) => among(subset.addresses))) return true;
  return subsets.some(({ notReady }) => among(notReady)) ? false : undefined;
}

/** All addresses, ready or not, each once. */
export function addressesOf(subsets: readonly Subset[]): readonly string[] {
  return [...new Set(subsets.flatMap(({ addresses, notReady }) => [...addresses, ...notReady].map(({ ip }) => ip)))];
}

/** The subsets in the API's form. Fields of ports that meshx does not know come from the found object. */
export function formatSubsets(subsets: readonly Subset[], found: KubeObject | undefined): readonly unknown[] {
  const foundPorts = list(found?.['subsets']).flatMap((subset) => list(mapping(subset)['ports']).map(mapping));
  const formatPort = ({ name, number }: ServicePort) => ({
    ...foundPorts.find((port) => port['port'] === number),
    // A Service with one port may omit its name, and then its endpoints do too.
    ...(name !== '' && { name }),
    port: number,
    protocol: 'TCP',
  });
  return subsets.map(({ addresses, notReady, ports }) => ({
    ...(addresses.length > 0 && { addresses: addresses.map(formatAddress) }),
    ...(notReady.length > 0 && { notReadyAddresses: notReady.map(formatAddress) }),
    ports: ports.map(formatPort),
  }));
}

function parseAddresses(value: unknown): readonly EndpointAddress[] {
  const addresses = list(value).flatMap((raw) => {
    const { ip, ...rest } = mapping(raw);
    return typeof ip === 'string' ? [{ ip, rest }] : [];
  });
  return addresses.filter(({ ip }, index) => addresses.findIndex((other) => sameIp(other.ip, ip)) === index);
}

function parseSubsetPort(port: Readonly<Record<string, unknown>>): readonly ServicePort[] {
  const number = port['port'];
  return typeof number === 'number' ? [{ number, name: text(port['name']) ?? '' }] : [];
}

function formatAddress({ ip, rest }: EndpointAddress): Readonly<Record<string, unknown>> {
  return { ip, ...rest };
}

function without(subset: Subset, address: string): Subset {
  const others = (addresses: readonly EndpointAddress[]) => addresses.filter(({ ip }) => !sameIp(ip, address));
  return { ...subset, addresses: others(subset.addresses), notReady: others(subset.notReady) };
}

function isFilled({ addresses, notReady }: Subset): boolean {
  return addresses.length + notReady.length > 0;
}

function numbers(ports: readonly ServicePort[]): string {
  return [...new Set(ports.map(({ number }) => number))].sort((a, b) => a - b).join(',');
}

/** The cluster may hold any spelling of an IPv6 address. */
function sameIp(found: string, address: string): boolean {
  return found === address || (ipaddr.isValid(found) && found.includes(':') && parseIp(found) === address);
}
