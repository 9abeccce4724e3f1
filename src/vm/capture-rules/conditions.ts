import { inCidr, isIpAddress } from '../../mesh/address.ts';
import { inverted, type Judgement, type Packet, YES } from './packet.ts';
import type { Condition, Rule } from './rules.ts';

/** Whether a packet matches a rule. A condition that does not hold decides, whatever is unknown of the others. Pure. */
export function matches({ conditions }: Rule, packet: Packet): Judgement {
  const judged = conditions.map((condition, at) => judge(condition, packet, conditions[at + 1]));
  return judged.find(({ holds }) => holds === 'no') ?? judged.find(({ holds }) => holds === 'unknown') ?? YES;
}

/** Modules whose options are judged below. A module that is not here decides by itself, and cannot be judged. */
const MODULES = new Set([
  'tcp',
  'udp',
  'owner',
  'multiport',
  'comment',
  'conntrack',
  'state',
  'mark',
  'addrtype',
  'iprange',
]);

type Judge = (value: string, packet: Packet) => Judgement;

const JUDGES: Readonly<Record<string, Judge>> = {
  '-m': (name) => (MODULES.has(name) ? YES : unknown(`meshx does not know -m ${name}`)),
  '-p': (name, { protocol }) => equal('the protocol', name === 'all' ? protocol : name, protocol),
  '-s': (range, { source }) => within(range, source, 'the source'),
  '-d': (range, { destination }) => within(range, destination, 'the destination'),
  '-o': (name, { way, device }) => (way === 'in' ? no('it does not leave') : sameDevice(name, device)),
  '-i': (name, { way, device }) => (way === 'out' ? no('it does not arrive') : sameDevice(name, device)),
  '--dport': (ports, { port }) => inPorts(ports, port),
  '--dports': (ports, { port }) => inPorts(ports, port),
  '--sport': () => unknown('the source port is chosen by the kernel'),
  '--sports': () => unknown('the source port is chosen by the kernel'),
  '--ports': (ports, { port }) =>
    inPorts(ports, port).holds === 'yes' ? YES : unknown('the source port is chosen by the kernel'),
  '--uid-owner': (range, packet) => owner(range, packet, 'uid'),
  '--gid-owner': (range, packet) => owner(range, packet, 'gid'),
  '--comment': () => YES,
  '--suppl-groups': () => YES,
  '--ctstate': (states, packet) => state(states, packet),
  '--state': (states, packet) => state(states, packet),
  '--mark': (value, { mark }) => marked(value, mark),
  '--dst-type': (type, { local }) => addressType(type, local),
  '--src-type': (type, { way }) =>
    way === 'out' ? addressType(type, true) : unknown('the type of the source address'),
  '--dst-range': (range, { destination }) => between(range, destination),
  '--src-range': (range, { source }) => between(range, source),
  '--syn': (_, { protocol }) => (protocol === 'tcp' ? YES : no('it is not TCP')),
  '--tcp-flags': (value, { protocol }) => (protocol === 'tcp' ? flags(value) : no('it is not TCP')),
};

function judge(condition: Condition, packet: Packet, next: Condition | undefined): Judgement {
  const { option, values, negated } = condition;
  const judge = Object.hasOwn(JUDGES, option) ? JUDGES[option] : undefined;
  if (!judge) return unknown(`meshx does not know ${option}`);
  // This flag behind it widens what it matches by the other groups of the process.
  const widened = option === '--gid-owner' && next?.option === '--suppl-groups';
  const judged = widened ? unknown('the other groups of the process') : judge(values.join(' '), packet);
  return negated ? inverted(judged, `${option} ${values.join(' ')} holds`) : judged;
}

function no(why: string): Judgement {
  return { holds: 'no', why };
}

function unknown(why: string): Judgement {
  return { holds: 'unknown', why };
}

function equal(what: string, wanted: string, found: string): Judgement {
  // iptables-save may print numbers.
  const name = { '6': 'tcp', '17': 'udp' }[wanted] ?? wanted;
  return name === found ? YES : no(`${what} is ${found}`);
}

/** A range `address/length`, or `address/mask` of iptables. */
function within(range: string, address: string | undefined, what: string): Judgement {
  if (address === undefined) return /\/0$/.test(range) ? YES : unknown(`${what} is not known`);
  const [network = '', length = network.includes(':') ? '128' : '32'] = range.split('/');
  if (!isIpAddress(network)) return unknown(`meshx cannot read ${range}`);
  if (!/^\d{1,3}$/.test(length)) return masked({ network, mask: length, address }, what);
  return inCidr(address, `${network}/${length}`) ? YES : no(`${what} is ${address}`);
}

/** Masks need not be prefixes: 255.0.255.0. */
function masked(
  { network, mask, address }: Readonly<Record<'network' | 'mask' | 'address', string>>,
  what: string,
): Judgement {
  const [left, bits, right] = [network, mask, address].map(ipv4);
  if (left === undefined || bits === undefined || right === undefined)
    return unknown(`meshx cannot read ${network}/${mask}`);
  return (left & bits) === (right & bits) ? YES : no(`${what} is ${address}`);
}

function ipv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined;
  return parts.reduce((sum, part) => (sum << 8) | Number(part), 0);
}

function between(range: string, address: string | undefined): Judgement {
  const [first, last] = range.split('-').map(ipv4);
  const found = address === undefined ? undefined : ipv4(address);
  if (first === undefined || last === undefined || found === undefined)
    return unknown(`meshx cannot judge the range ${range}`);
  const [low, high, it] = [first >>> 0, last >>> 0, found >>> 0];
  return low <= it && it <= high ? YES : no(`the address is ${address}`);
}

/** `eth+` stands for all names that begin so. */
function sameDevice(name: string, device: string | undefined): Judgement {
  if (device === undefined)
    return name === 'lo' ? no('it does not come over lo') : unknown('the interface is not known');
  const same = name.endsWith('+') ? device.startsWith(name.slice(0, -1)) : device === name;
  return same ? YES : no(`the interface is ${device}`);
}

/** `53,15008`, `20:23`, `:1023`. */
function inPorts(ports: string, port: number): Judgement {
  const ranges = ports.split(',').map((part) => {
    const [low = '', high = low] = part.split(':');
    return [low === '' ? 0 : Number(low), high === '' ? 65_535 : Number(high)] as const;
  });
  if (ranges.flat().some((number) => !Number.isInteger(number))) return unknown(`meshx cannot read the ports ${ports}`);
  return ranges.some(([low, high]) => low <= port && port <= high) ? YES : no(`the port is ${port}`);
}

function owner(range: string, packet: Packet, what: 'uid' | 'gid'): Judgement {
  if (packet.way === 'in') return no('no process of this machine sends it');
  const id = packet[what];
  const [first = '', last = first] = range.split('-');
  if (id === undefined || !/^\d+$/.test(first) || !/^\d+$/.test(last))
    return unknown(`the ${what} of the process is not known`);
  return Number(first) <= id && id <= Number(last) ? YES : no(`the ${what} is ${id}`);
}

/** The first packet of a connection is NEW. */
function state(states: string, { untracked }: Packet): Judgement {
  const found = untracked ? 'UNTRACKED' : 'NEW';
  const named = states.split(',');
  if (named.includes(found)) return YES;
  // nat rules may have changed it before.
  if (named.some((name) => name === 'DNAT' || name === 'SNAT')) return unknown('whether its address was translated');
  return no(`the connection is ${found}`);
}

function marked(value: string, mark: number): Judgement {
  const [wanted = '', mask = '0xffffffff'] = value.split('/');
  const [left, bits] = [Number(wanted), Number(mask)];
  if (!Number.isInteger(left) || !Number.isInteger(bits)) return unknown(`meshx cannot read the mark ${value}`);
  return (mark & bits) >>> 0 === left >>> 0 ? YES : no(`the mark is ${mark}`);
}

function addressType(type: string, local: boolean): Judgement {
  if (type === 'LOCAL') return local ? YES : no('the address is not of this machine');
  if (type === 'UNICAST') return local ? no('the address is of this machine') : YES;
  return unknown(`meshx does not judge addresses of type ${type}`);
}

/** Of the first packet of a connection only SYN is set. */
function flags(value: string): Judgement {
  const [tested = '', set = ''] = value.split(' ');
  const names = tested === 'ALL' ? ['SYN'] : tested.split(',');
  const expected = names.includes('SYN') ? 'SYN' : 'NONE';
  return set === expected ? YES : no('the first packet has SYN set and nothing else');
}
