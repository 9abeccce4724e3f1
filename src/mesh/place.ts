import ipaddr from 'ipaddr.js';
import { parseIp } from './address.ts';

/** Where something listens: a DNS name in lower case, or an IP address without brackets. */
export interface Place {
  readonly host: string;
  readonly isIp: boolean;
  readonly port?: number;
}

const LABEL = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const NAME = new RegExp(`^${LABEL}(\\.${LABEL})*\\.?$`);

/**
 * Reads IP, IP:PORT, [IPv6], [IPv6]:PORT, NAME or NAME:PORT of options, mesh configs and Services. Returns a reason if
 * another machine could not dial it.
 */
export function parsePlace(text: string): Place | string {
  const trimmed = text.trim();
  if (trimmed.includes('$')) return 'it holds a variable, which only a pod expands';
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(trimmed)) return 'it is a URL: HOST:PORT is dialled';
  const { host, port } = split(trimmed);
  if (port !== undefined && !isPort(port)) return `its port ${JSON.stringify(port)} is not a number from 1 to 65535`;
  const rest = port === undefined ? {} : { port: Number(port) };
  const address = parseDialled(host);
  if (address !== undefined)
    return typeof address === 'string' ? address : { host: address.address, isIp: true, ...rest };
  const name = host.toLowerCase().replace(/\.$/, '');
  if (!NAME.test(host) || name.length > 253) return 'it is not an IP address or a DNS name, with or without a port';
  if (/(^|\.)[0-9]+$/.test(name)) return 'it looks like an IPv4 address and is none';
  if (/(^|\.)localhost$/.test(name)) return 'it means the machine itself';
  return { host: name, isIp: false, ...rest };
}

/** An IP address that another machine can dial, in canonical form, or the reason why not. */
export function dialledIp(text: string): { readonly address: string } | string {
  return parseDialled(text) ?? 'it is not an IP address';
}

function parseDialled(text: string): { readonly address: string } | string | undefined {
  const plain = canonical(text);
  if (plain === undefined) return undefined;
  const address = ipaddr.process(plain);
  const range = address.range();
  const why: Readonly<Record<string, string>> = {
    unspecified: 'it means every address, and no machine',
    loopback: 'it means the machine itself',
    linkLocal: 'it is link-local: it means another machine on every link',
    multicast: 'it is a multicast address',
    broadcast: 'it is a broadcast address',
  };
  return why[range] ?? { address: address.kind() === 'ipv4' ? address.toString() : plain };
}

function canonical(text: string): string | undefined {
  try {
    return parseIp(text);
  } catch {
    return undefined;
  }
}

function split(text: string): { readonly host: string; readonly port?: string } {
  const [, inBrackets, after] = /^\[([^[\]]*)\](.*)$/s.exec(text) ?? [];
  if (inBrackets !== undefined && after !== undefined) {
    // Brackets are for IPv6 only; anything else in them is refused as a name.
    const host = inBrackets.includes(':') ? inBrackets : text;
    return after === '' ? { host } : { host: after.startsWith(':') ? host : text, port: after.slice(1) };
  }
  const colons = text.split(':').length - 1;
  if (colons !== 1) return { host: text };
  const [host = '', port = ''] = text.split(':');
  return { host, port };
}

function isPort(text: string): boolean {
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65_535;
}

/** Whether only the cluster's DNS resolves a name. */
export function isClusterName(name: string, clusterDomain: string): boolean {
  return (
    /\.svc$/.test(name) ||
    name.endsWith(`.${clusterDomain}`) ||
    !name.includes('.') ||
    /^istiod[^.]*\.[^.]+$/.test(name)
  );
}
