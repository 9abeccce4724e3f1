import ipaddr from 'ipaddr.js';
import { meshProblems } from '../problems/mesh.ts';

const IPV4 = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/;
const IPV6 = /^[0-9a-fA-F:.]{2,45}$/;
const FORM = 'four decimal numbers (10.150.0.5) or IPv6 without a zone (fd00::5)';

/**
 * One IP address in the form that Kubernetes and Istio compare: dotted IPv4 or RFC 5952 IPv6. Refuses forms of
 * inet_aton (1, 010.1.1.1, 0x7f.1), and zones, which have no meaning on another machine. Throws `bad-address`.
 */
export function parseIp(text: string): string {
  if (IPV4.test(text) && ipaddr.IPv4.isValidFourPartDecimal(text)) return text;
  if (text.includes(':') && IPV6.test(text) && ipaddr.IPv6.isValid(text)) return rfc5952(ipaddr.IPv6.parse(text));
  throw meshProblems.badAddress({ text, wanted: 'an IP address', form: FORM });
}

/** True for one IP address without a port. */
export function isIpAddress(text: string): boolean {
  return ipaddr.isValid(text);
}

/**
 * An address at which another machine can reach this one. Throws `bad-address` for loopback, multicast and the like.
 */
export function parseWorkloadIp(text: string): string {
  const address = parseIp(text);
  const range = ipaddr.parse(address).range();
  const useless = ['unspecified', 'loopback', 'multicast', 'broadcast', 'linkLocal', 'ipv4Mapped'];
  if (!useless.includes(range)) return address;
  throw meshProblems.badAddress({ text, wanted: 'the address of a machine', form: `this one is ${range}` });
}

/**
 * One range, such as 10.63.240.0/20. Bits below the prefix must be zero, because set bits are a typo. Throws
 * `bad-cidr`.
 */
export function parseCidr(text: string): string {
  const wanted = 'a CIDR';
  const [, host, digits] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  if (!host || digits === undefined || (digits.length > 1 && digits.startsWith('0')))
    throw meshProblems.badCidr({ text, wanted, form: 'address/prefix, as 10.63.240.0/20' });
  const address = ipOfCidr(text, host);
  const prefix = Number(digits);
  const bits = address.includes(':') ? 128 : 32;
  if (prefix > bits) throw meshProblems.badCidr({ text, wanted, form: `the prefix of this address is 0 to ${bits}` });
  const network = networkOf(address, prefix);
  if (network !== address)
    throw meshProblems.badCidr({ text, wanted, form: `the range is written ${network}/${prefix}` });
  return `${address}/${prefix}`;
}

/** One or more ranges separated by commas, each once, in the given order. Throws `bad-cidr`. */
export function parseCidrs(text: string): readonly string[] {
  return [...new Set(text.split(',').map((part) => parseCidr(part.trim())))];
}

/** Whether the address lies in the range; false for different families. Both must have been parsed. */
export function inCidr(address: string, cidr: string): boolean {
  const ip = ipaddr.parse(address);
  const range = ipaddr.parseCIDR(cidr);
  return ip.kind() === range[0].kind() && ip.match(range);
}

/** host:port, with brackets around IPv6. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function ipOfCidr(text: string, host: string): string {
  try {
    return parseIp(host);
  } catch (cause) {
    throw meshProblems.badCidr({ text, wanted: 'a CIDR', form: `${FORM} before the slash` }, cause);
  }
}

function networkOf(address: string, prefix: number): string {
  if (!address.includes(':')) return ipaddr.IPv4.networkAddressFromCIDR(`${address}/${prefix}`).toString();
  return rfc5952(ipaddr.IPv6.networkAddressFromCIDR(`${address}/${prefix}`));
}

/** RFC 5952 5: an IPv4-mapped address keeps its dotted part, as Go prints it. */
function rfc5952(ip: ipaddr.IPv6): string {
  return ip.isIPv4MappedAddress() ? `::ffff:${ip.toIPv4Address().toString()}` : ip.toRFC5952String();
}
