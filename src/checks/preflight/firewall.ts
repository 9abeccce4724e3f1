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
import type { MachineCheck, MachineFacts } from './machine.ts';

/**
 * The host firewall sees a captured connection at the sidecar's port, after the redirect. systemd/firewall lets it say about
 * that connection what it said about the port before; what that cannot cover is a named risk.
 */
export const firewallChecks: readonly MachineCheck[] = [
  {
    id: 'firewall-followed',
    category: 'firewall',
    title: 'the host firewall is followed',
    severity: 'note',
    needs: ['machine', 'input'],
    judge: sayOf('firewall-followed'),
  },
  {
    id: 'host-firewall',
    category: 'firewall',
    title: 'the host firewall can be followed',
    severity: 'risk',
    risk: 'host-firewall',
    needs: ['machine', 'input'],
    judge: sayOf('host-firewall'),
  },
  {
    id: 'dnat-accepted',
    category: 'firewall',
    title: 'capture opens no port',
    severity: 'risk',
    risk: 'dnat-accepted',
    needs: ['machine', 'input'],
    judge: sayOf('dnat-accepted'),
  },
  {
    id: 'output-firewall',
    category: 'firewall',
    title: 'programs reach the sidecar, and it reaches others',
    severity: 'risk',
    risk: 'output-firewall',
    needs: ['machine', 'input'],
    judge: sayOf('output-firewall'),
  },
];

type FirewallId = 'firewall-followed' | 'host-firewall' | 'dnat-accepted' | 'output-firewall';

/** One thing about a firewall, under the check that it belongs to. */
interface Said extends Seen {
  readonly id: FirewallId;
}

function sayOf(id: FirewallId) {
  return ({ machine, input }: MachineFacts): readonly Seen[] =>
    judged(machine, input)
      .filter((said) => said.id === id)
      .map(({ id: _id, ...seen }) => seen);
}

function judged(answers: Answers, input: PreflightInput): readonly Said[] {
  const iptables = lines(answers, 'iptables');
  const found = [...parseNft(lines(answers, 'nft'), iptables), ...parseIptables(iptables)];
  const judge: Judge = { input, sidecar: meshGeneration(input.generation).inboundPort, ports: numbers(input) };
  return [
    ...found.filter(({ hook }) => hook === 'input').flatMap((firewall) => inputSaid(firewall, judge)),
    ...found.filter(({ hook }) => hook === 'output').flatMap(outputSaid),
    ...(found.length === 0 ? hiddenSaid(answers) : []),
  ];
}

interface Judge {
  readonly input: PreflightInput;
  readonly sidecar: number;
  /** Ports that will be captured; undefined when all are. */
  readonly ports: readonly number[] | undefined;
}

/** Without a service, Istio captures every port. */
function numbers({ services }: PreflightInput): readonly number[] | undefined {
  return services.length === 0 ? undefined : services.flatMap(({ ports }) => ports.map(({ number }) => number));
}

function inputSaid(firewall: HostFirewall, judge: Judge): readonly Said[] {
  const dnat = firewall.rules.find((rule) => rule.dnat);
  const about = firewall.rules.filter((rule) => means(rule, judge));
  if (dnat && firewall.owned) return dnatSaid(firewall, dnat, judge);
  if (firewall.owned && about[0]) return [risk(firewall, { rule: about[0].text, why: OWNED }, judge)];
  const several = about.find(({ text }) => /! --dports /.test(text));
  if (several) return [risk(firewall, { rule: several.text, why: SEVERAL }, judge)];
  if (firewall.closed && !firewall.rules.some(({ loopback }) => loopback))
    return [risk(firewall, { why: NO_LOOPBACK }, judge)];
  return about.length > 0 || dnat ? [followed(firewall, { about, dnat, ...judge.input })] : [];
}

const OWNED = 'its table belongs to a program that allows no other rules';
const SEVERAL = 'what it says about all ports but several cannot be said about redirected connections';
const NO_LOOPBACK = 'it accepts nothing on the loopback interface, by which the sidecar talks to the services';
const LOOPBACK_RULE = 'Accept it: iif lo accept, or -A INPUT -i lo -j ACCEPT';

/** Whether a rule says something about a port that will be captured, or about the sidecar's without meaning it. */
function means({ ports, verdict }: FilterRule, judge: Judge): boolean {
  if (!ports) return false;
  if (ports.negated) return verdict !== 'other';
  const range = ports.ranges.some(([from, to]) => from < to && from <= judge.sidecar && judge.sidecar <= to);
  return range || (judge.ports?.some((port) => names(ports, port)) ?? true);
}

interface Why {
  readonly rule?: string;
  readonly why: string;
}

function risk({ name }: HostFirewall, { rule, why }: Why, { ports, sidecar }: Judge): Said {
  const detail = `${name}: ${rule === undefined ? '' : `"${rule}": `}${why}.`;
  const hint = why === NO_LOOPBACK ? LOOPBACK_RULE : exactRule(name, ports, sidecar);
  return { id: 'host-firewall', ok: false, detail, hint };
}

/** The rule that says exactly what is meant, in the words of the firewall's own tool. */
function exactRule(name: string, ports: readonly number[] | undefined, sidecar: number): string {
  const nft = `tcp dport ${sidecar} ct status dnat${ports ? ` ct original proto-dst { ${ports.join(', ')} }` : ''} accept`;
  const iptables = `-I INPUT -p tcp --dport ${sidecar} -m conntrack --ctstate DNAT${ports?.[0] === undefined ? '' : ` --ctorigdstport ${ports[0]}`} -j ACCEPT`;
  return `Put before it, limited to whom it lets in: ${name.startsWith('nftables') ? nft : iptables}`;
}

interface Followed extends Pick<PreflightInput, 'generation'> {
  readonly about: readonly FilterRule[];
  readonly dnat: FilterRule | undefined;
}

function followed({ name }: HostFirewall, { about, dnat, generation }: Followed): Said {
  const rules = about.slice(0, 3).map(({ text }) => `"${text}"`);
  const more = about.length > 3 ? ` and ${about.length - 3} more` : '';
  const said =
    about.length > 0 ? [`capture puts beside ${rules.join(', ')}${more} the same about redirected connections`] : [];
  const past = dnat ? [`captured ports pass by "${dnat.text}", which would open them to all`] : [];
  const detail = `${name} sees captured connections at the sidecar's port: ${[...said, ...past].join('; ')}.`;
  const hint = vmGeneration(generation).firewallHint;
  return { id: 'firewall-followed', ok: true, detail, hint };
}

/** A table that nobody can change accepts whatever was redirected: a captured port is then open to all. */
function dnatSaid(firewall: HostFirewall, { text }: FilterRule, { ports }: Judge): readonly Said[] {
  const open = (port: number): boolean =>
    firewall.rules.some(
      (rule) =>
        rule.verdict === 'accept' &&
        rule.plain &&
        rule.ports &&
        !rule.ports.negated &&
        !rule.ports.open &&
        names(rule.ports, port),
    ) ||
    (!firewall.closed &&
      !firewall.rules.some((rule) => rule.verdict === 'drop' && rule.ports && names(rule.ports, port)));
  const opened = ports?.filter((port) => !open(port));
  if (opened?.length === 0 || (!opened && !firewall.closed)) return [];
  const what = opened ? `port${opened.length > 1 ? 's' : ''} ${opened.join(', ')}` : 'every port';
  const detail = `${firewall.name}: "${text}" accepts every redirected connection: behind capture ${what} would be open to all that can send to this machine.`;
  const hint = opened
    ? `Is that meant? Then open it there by name too (firewalld: firewall-cmd --permanent --add-port=${opened[0]}/tcp && firewall-cmd --reload), and keep others out by an AuthorizationPolicy.`
    : 'Name what the machine serves, so that only that is captured: --service NAME:PORT';
  return [{ id: 'dnat-accepted', ok: false, detail, hint }];
}

/** Programs connect to the sidecar on the machine itself, and the sidecar makes their connections as istio-proxy. */
function outputSaid({ name, closed, rules }: HostFirewall): readonly Said[] {
  if (!closed) return [];
  const owner = rules.find(({ text }) => /--uid-owner|--gid-owner|meta skuid|meta skgid/.test(text));
  if (rules.some(({ loopback }) => loopback) && !owner) return [];
  const why = owner
    ? `"${owner.text}" asks who connects, and behind capture that is istio-proxy for all programs`
    : 'it accepts nothing on the loopback interface, by which programs reach the sidecar';
  const hint = owner
    ? 'Accept what istio-proxy sends to where those programs may: meta skuid istio-proxy, or -m owner --uid-owner istio-proxy'
    : 'Accept it: oif lo accept, or -A OUTPUT -o lo -j ACCEPT';
  const detail = `${name} drops what leaves the machine unless a rule names it: ${why}.`;
  return [{ id: 'output-firewall', ok: false, detail, hint }];
}

/** firewalld runs, and nothing on the machine could print its rules. */
function hiddenSaid(answers: Answers): readonly Said[] {
  if (!lines(answers, 'unit').includes('firewalld.service')) return [];
  const detail = 'firewalld runs, and its rules could not be read: captured connections arrive at port 15006.';
  const hint = 'See which ports it opens: firewall-cmd --list-all; install nftables, so that meshx can look.';
  return [{ id: 'host-firewall', ok: false, detail, hint }];
}
