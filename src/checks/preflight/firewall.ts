import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { vmGeneration } from '../../vm/generation.ts';
import {
  type FilterRule,
  type HostFirewall,
  names,
  parseIptables,
  parseNft,
} from '../../vm/preflight/firewall-rules.ts';
import { type Answers, lines } from '../../vm/preflight/probe.ts';
import type { PreflightInput } from '../../vm/preflight-input.ts';
import type { Seen } from '../check.ts';
import { type MachineCheck, note, risk } from './machine.ts';

/**
 * The host firewall sees a captured connection at the sidecar's port, after the redirect. systemd/firewall repeats its rules for
 * redirected connections; what it cannot repeat is a named risk.
 */
export const firewallChecks: readonly MachineCheck[] = [
  note('firewall', 'firewall-followed', 'the host firewall is followed', judgeOf('firewall-followed')),
  risk('firewall', 'host-firewall', 'the host firewall can be followed', judgeOf('host-firewall')),
  risk('firewall', 'dnat-accepted', 'capture opens no port', judgeOf('dnat-accepted')),
  risk('firewall', 'output-firewall', 'programs reach the sidecar, and it reaches others', judgeOf('output-firewall')),
];

/** A finding, with the check that it belongs to. */
interface Finding extends Seen {
  readonly id: 'firewall-followed' | 'host-firewall' | 'dnat-accepted' | 'output-firewall';
}

function judgeOf(id: Finding['id']): MachineCheck['judge'] {
  return ({ machine, input }) => {
    const found = findings(machine, input).filter((finding) => finding.id === id);
    return found.map(({ id: _id, ...seen }) => seen);
  };
}

function findings(answers: Answers, input: PreflightInput): readonly Finding[] {
  const iptables = lines(answers, 'iptables');
  const firewalls = [...parseNft(lines(answers, 'nft'), iptables), ...parseIptables(iptables)];
  const captured: Captured = {
    generation: input.generation,
    sidecar: meshGeneration(input.generation).inboundPort,
    ports: portNumbers(input),
  };
  return [
    ...firewalls.filter(({ hook }) => hook === 'input').flatMap((firewall) => judgeInput(firewall, captured)),
    ...firewalls.filter(({ hook }) => hook === 'output').flatMap(judgeOutput),
    ...(firewalls.length === 0 ? judgeHidden(answers) : []),
  ];
}

interface Captured extends Pick<PreflightInput, 'generation'> {
  /** The sidecar's inbound port. */
  readonly sidecar: number;
  /** Ports that will be captured; undefined if all are. */
  readonly ports: readonly number[] | undefined;
}

/** Without a service, Istio captures every port. */
function portNumbers({ services }: PreflightInput): readonly number[] | undefined {
  return services.length === 0 ? undefined : services.flatMap(({ ports }) => ports.map(({ number }) => number));
}

function judgeInput(firewall: HostFirewall, captured: Captured): readonly Finding[] {
  const dnat = firewall.rules.find((rule) => rule.dnat);
  const about = firewall.rules.filter((rule) => concerns(rule, captured));
  if (dnat && firewall.owned) return judgeDnat(firewall, dnat, captured);
  if (firewall.owned && about[0]) return [notFollowed(firewall, { rule: about[0].text, why: OWNED }, captured)];
  const several = about.find(({ text }) => /! --dports /.test(text));
  if (several) return [notFollowed(firewall, { rule: several.text, why: SEVERAL }, captured)];
  if (firewall.closed && !firewall.rules.some(({ loopback }) => loopback))
    return [notFollowed(firewall, { why: NO_LOOPBACK }, captured)];
  return about.length > 0 || dnat ? [followed(firewall, { about, dnat }, captured)] : [];
}

const OWNED = 'its table belongs to a program that allows no other rules';
const SEVERAL = 'a rule for all ports except several cannot be repeated for redirected connections';
const NO_LOOPBACK = 'it accepts nothing on the loopback interface, through which the sidecar reaches the services';
const LOOPBACK_RULE = 'Accept it: iif lo accept, or -A INPUT -i lo -j ACCEPT';

/** Whether a rule concerns a port that will be captured, or the sidecar's port without naming it. */
function concerns({ ports, verdict }: FilterRule, captured: Captured): boolean {
  if (!ports) return false;
  if (ports.negated) return verdict !== 'other';
  const range = ports.ranges.some(([from, to]) => from < to && from <= captured.sidecar && captured.sidecar <= to);
  return range || (captured.ports?.some((port) => names(ports, port)) ?? true);
}

interface Why {
  readonly rule?: string;
  readonly why: string;
}

function notFollowed({ name }: HostFirewall, { rule, why }: Why, captured: Captured): Finding {
  const detail = `${name}: ${rule === undefined ? '' : `"${rule}": `}${why}.`;
  const hint = why === NO_LOOPBACK ? LOOPBACK_RULE : exactRule(name, captured);
  return { id: 'host-firewall', ok: false, detail, hint };
}

/** The rule that accepts exactly the captured connections, in the syntax of the firewall's own tool. */
function exactRule(name: string, { ports, sidecar }: Captured): string {
  const nft = `tcp dport ${sidecar} ct status dnat${ports ? ` ct original proto-dst { ${ports.join(', ')} }` : ''} accept`;
  const iptables = `-I INPUT -p tcp --dport ${sidecar} -m conntrack --ctstate DNAT${ports?.[0] === undefined ? '' : ` --ctorigdstport ${ports[0]}`} -j ACCEPT`;
  return `Insert before it, limited to the same sources: ${name.startsWith('nftables') ? nft : iptables}`;
}

interface Followed {
  readonly about: readonly FilterRule[];
  readonly dnat: FilterRule | undefined;
}

function followed({ name }: HostFirewall, { about, dnat }: Followed, { generation }: Captured): Finding {
  const rules = about.slice(0, 3).map(({ text }) => `"${text}"`);
  const more = about.length > 3 ? ` and ${about.length - 3} more` : '';
  const repeated = about.length > 0 ? [`capture repeats ${rules.join(', ')}${more} for redirected connections`] : [];
  const past = dnat ? [`captured ports bypass "${dnat.text}", which would open them to all`] : [];
  const detail = `${name} sees captured connections at the sidecar's port: ${[...repeated, ...past].join('; ')}.`;
  return { id: 'firewall-followed', ok: true, detail, hint: vmGeneration(generation).firewallHint };
}

/** A table that no other program can change accepts every redirected connection: a captured port is then open to all. */
function judgeDnat(firewall: HostFirewall, { text }: FilterRule, { ports }: Captured): readonly Finding[] {
  const opened = ports?.filter((port) => !isOpen(firewall, port));
  if (opened?.length === 0 || (!opened && !firewall.closed)) return [];
  const what = opened ? `port${opened.length > 1 ? 's' : ''} ${opened.join(', ')}` : 'every port';
  const detail = `${firewall.name}: "${text}" accepts every redirected connection: capture would open ${what} to all that can send to this machine.`;
  const hint = opened
    ? `If that is intended, open it by name too (firewalld: firewall-cmd --permanent --add-port=${opened[0]}/tcp && firewall-cmd --reload), and restrict it with an AuthorizationPolicy.`
    : 'Name what the machine serves, so only that is captured: --service NAME:PORT';
  return [{ id: 'dnat-accepted', ok: false, detail, hint }];
}

/** Whose connections are judged: of IPv4 or of IPv6; and whether a rule must name the port. */
interface Refusal {
  readonly by?: 'named' | 'any';
  readonly family: 4 | 6;
}

/** The firewall of the host that accepts connections to a port from nowhere, or by a rule that names it; undefined if there is none. */
export function refusing(answers: Answers, port: number, { by = 'any', family }: Refusal): string | undefined {
  const iptables = lines(answers, 'iptables');
  const all = [...parseNft(lines(answers, 'nft'), iptables), ...parseIptables(iptables)];
  const refuses = ({ rules, closed }: HostFirewall): boolean => {
    const naming = rules.filter((rule) => rule.ports && names(rule.ports, port));
    if (naming.some(({ verdict }) => verdict === 'accept')) return false;
    if (naming.some(({ verdict, plain }) => verdict === 'drop' && plain)) return true;
    return by === 'any' && closed && !rules.some(acceptsOthers);
  };
  const other = family === 6 ? /^(?:nftables table ip |iptables)/ : /^(?:nftables table ip6 |ip6tables)/;
  return all.find((each) => each.hook === 'input' && !other.test(each.name) && refuses(each))?.name;
}

/** Whether a rule may accept new connections to any port, such as all those of a network. */
function acceptsOthers({ verdict, ports, loopback, text }: FilterRule): boolean {
  return verdict === 'accept' && !ports && !loopback && !/established|icmp/i.test(text);
}

/** Whether the firewall accepts new connections to the port from everywhere. */
function isOpen({ rules, closed }: HostFirewall, port: number): boolean {
  const naming = rules.filter((rule) => rule.ports && names(rule.ports, port));
  const accepted = naming.some(
    ({ verdict, plain, ports }) => verdict === 'accept' && plain && !ports?.negated && !ports?.open,
  );
  return accepted || (!closed && !naming.some(({ verdict }) => verdict === 'drop'));
}

/** Programs connect to the sidecar on the machine itself, and the sidecar opens their connections as istio-proxy. */
function judgeOutput({ name, closed, rules }: HostFirewall): readonly Finding[] {
  if (!closed) return [];
  const owner = rules.find(({ text }) => /--uid-owner|--gid-owner|meta skuid|meta skgid/.test(text));
  if (rules.some(({ loopback }) => loopback) && !owner) return [];
  const why = owner
    ? `"${owner.text}" depends on the user, and with capture the user is istio-proxy for all programs`
    : 'it accepts nothing on the loopback interface, through which programs reach the sidecar';
  const hint = owner
    ? 'Accept from istio-proxy what those programs may send: meta skuid istio-proxy, or -m owner --uid-owner istio-proxy'
    : 'Accept it: oif lo accept, or -A OUTPUT -o lo -j ACCEPT';
  const detail = `${name} drops what leaves the machine unless a rule names it: ${why}.`;
  return [{ id: 'output-firewall', ok: false, detail, hint }];
}

/** firewalld runs, but no tool on the machine prints its rules. */
function judgeHidden(answers: Answers): readonly Finding[] {
  if (!lines(answers, 'unit').includes('firewalld.service')) return [];
  const detail = 'firewalld runs, but meshx cannot read its rules: captured connections arrive at port 15006.';
  const hint = 'List the ports that it opens: firewall-cmd --list-all; install nftables, so meshx can read its rules.';
  return [{ id: 'host-firewall', ok: false, detail, hint }];
}
