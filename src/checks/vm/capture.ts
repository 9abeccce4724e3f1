import { isIP } from 'node:net';
import { entryAddress } from '../../cluster/registration/entries.ts';
import { decisive, explain } from '../../vm/capture-rules/explain.ts';
import type { Packet } from '../../vm/capture-rules/packet.ts';
import type { Tables } from '../../vm/capture-rules/rules.ts';
import { valueOf } from '../../vm/key-values.ts';
import { hostPort, inCidr } from '../../mesh/address.ts';
import type { Seen } from '../check.ts';
import { isBypassed, SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';
import { servedPorts } from './served-ports.ts';

const capture = { category: 'capture', severity: 'error' } as const;

/** The rules that lead traffic through the sidecar. */
export const captureChecks: readonly VmCheck[] = [
  {
    ...{ ...capture, id: 'capture-loaded' },
    title: 'the rules of capture are loaded',
    needs: [...SUBJECT, 'nat', 'capture', 'isJoined', 'units'],
    judge: loaded,
  },
  {
    ...{ ...capture, id: 'capture-backend' },
    title: 'one iptables backend has the rules of capture',
    needs: [...SUBJECT, 'nat'],
    judge: backend,
  },
  {
    ...{ ...capture, id: 'capture-first', severity: 'warning' },
    title: 'no rules of containers or of a Kubernetes node come before those of capture',
    needs: [...SUBJECT, 'nat'],
    judge: neighbours,
  },
  {
    ...{ ...capture, id: 'capture-out' },
    title: 'connections of programs to services of the mesh lead to the sidecar',
    needs: [...SUBJECT, 'nat', 'meshName', 'loaded'],
    judge: outbound,
  },
  {
    ...{ ...capture, id: 'capture-ports' },
    title: 'the ports of the entry lead to the sidecar',
    needs: [...SUBJECT, 'nat', 'entries', 'groups', 'inspection'],
    judge: ports,
  },
];

function chainsOf(tables: Tables) {
  return tables.get('nat') ?? new Map<string, never>();
}

function hasIstio(tables: Tables): boolean {
  return [...chainsOf(tables)].some(([name, { rules }]) => name.startsWith('ISTIO_') && rules.length > 0);
}

/** Whether rules of Istio are loaded by any of the programs. */
export function hasIstioRules(nat: VmFacts['nat']): boolean {
  return nat.some(({ tables }) => hasIstio(tables));
}

function jumps(tables: Tables, hook: string): readonly string[] {
  return (chainsOf(tables).get(hook)?.rules ?? []).flatMap(({ target }) => target?.name ?? []);
}

function loaded(facts: VmFacts): readonly Seen[] {
  // Capture of meshx ends with the sidecar, which is the finding of another check.
  const isUp = facts.units.some(({ name, active }) => name === 'istio.service' && active === 'active');
  if (isBypassed(facts))
    return [wrongOn(facts, 'capture is turned off on the VM', { hint: `Turn it on: ${facts.meshx('capture', 'on')}` })];
  if (facts.isJoined && !isUp) return [];
  const state = valueOf(facts.capture, 'capture');
  const way = valueOf(facts.capture, 'gave-way');
  const unit = facts.isJoined ? 'meshx-capture.service' : 'istio.service';
  const again = `Load them again: ${facts.ssh('systemctl', 'restart', unit)}`;
  if (state === 'lost' || way !== undefined) {
    const missing = valueOf(facts.capture, 'missing') ?? 'some';
    const hint = `${facts.isJoined ? `Load them again: ${facts.meshx('capture', 'on')}` : again}; read who removed them: ${facts.ssh('journalctl', '-u', 'meshx-watch', '-n', '20', '--no-pager')}`;
    const detail = `another program removed ${missing} rules of capture${way ? `: ${way}` : ''}`;
    // Capture gave way to a program that removes them again and again.
    return [wrongOn(facts, detail, { hint, ...(way === undefined && { repair: 'capture' }) })];
  }
  const one = facts.nat.find(({ tables }) => hasIstio(tables));
  if (!one) {
    const detail = 'no rules of Istio are loaded, so all traffic bypasses the sidecar';
    return [wrongOn(facts, detail, { hint: again, ...(startsAgain(facts) && { repair: 'join' }) })];
  }
  const hooks = facts.nat.flatMap(({ tables }) => [...jumps(tables, 'OUTPUT'), ...jumps(tables, 'PREROUTING')]);
  const isLed = ['ISTIO_OUTPUT', 'ISTIO_INBOUND'].filter((chain) => hooks.includes(chain));
  if (isLed.length > 0) return [];
  return [wrongOn(facts, `${one.program} has chains of Istio, and no rule leads to them`, { hint: again })];
}

/** A join starts capture where it does not run. Where it runs without its rules, someone else has removed them. */
function startsAgain({ units }: Pick<VmFacts, 'units'>): boolean {
  return units.some(({ name, active }) => name === 'meshx-capture.service' && active !== 'active');
}

function backend(facts: VmFacts): readonly Seen[] {
  const programs = facts.nat.filter(({ tables }) => hasIstio(tables)).map(({ program }) => program);
  const both = ['iptables', 'ip6tables'].find(
    (family) => programs.includes(`${family}-nft`) && programs.includes(`${family}-legacy`),
  );
  if (both === undefined) return [];
  const detail = `both ${both}-nft and ${both}-legacy have rules of Istio, so connections are redirected twice or wrongly`;
  const hint = `Remove those of the backend that is not in use, which is usually legacy, then start capture again: ${facts.ssh('sh', '-c', `${both}-legacy-save -t nat | grep ISTIO_`)}; ${facts.ssh('systemctl', 'restart', 'istio.service')}`;
  return [wrongOn(facts, detail, { hint })];
}

/** Chains that translate before capture sees a connection. Docker's counts only while it publishes a port. */
function neighbours(facts: VmFacts): readonly Seen[] {
  return facts.nat.flatMap(({ program, tables }) =>
    [
      ['PREROUTING', 'ISTIO_INBOUND'],
      ['OUTPUT', 'ISTIO_OUTPUT'],
    ].flatMap(([hook = '', own = '']): readonly Seen[] => {
      const targets = jumps(tables, hook);
      if (!targets.includes(own)) return [];
      const before = targets.slice(0, targets.indexOf(own)).filter((name) => translates(tables, name));
      const [first] = before;
      if (first === undefined) return [];
      const detail = `in ${hook} of ${program} the chain ${first} comes before ${own}: connections that it translates do not reach the sidecar`;
      const hint = `Keep such programs off a VM of the mesh, or publish no port that the mesh uses; see the order: ${facts.ssh(program, '-t', 'nat', '-S', hook)}`;
      return [wrongOn(facts, detail, { hint })];
    }),
  );
}

function translates(tables: Tables, name: string): boolean {
  if (/^(?:KUBE-SERVICES|KUBE-NODEPORTS|cali-PREROUTING|CILIUM_)/.test(name)) return true;
  const rules = chainsOf(tables).get(name)?.rules ?? [];
  return name.startsWith('DOCKER') && rules.some(({ target }) => target?.name === 'DNAT');
}

/** Follows a connection of a client to each port through the rules. */
function ports(facts: VmFacts): readonly Seen[] {
  if (!facts.nat.some(({ tables }) => hasIstio(tables))) return [];
  const addresses = [...new Set(facts.entries.map(entryAddress))].filter((address) => isIP(address) > 0);
  const [address] = addresses;
  if (address === undefined) return [];
  return servedPorts(facts).flatMap(({ name, number }): readonly Seen[] => {
    const why = whyNot(facts, { address, number });
    if (why === undefined) return [];
    const detail = `port ${number} (${name}) of the entry does not lead to the sidecar: ${why}`;
    return [wrongOn(facts, detail, { hint: hintFor(facts, number) })];
  });
}

/** Follows a connection of an ordinary user to a Service. Rules are per family, and capture may be limited to some addresses. */
function outbound(facts: VmFacts): readonly Seen[] {
  const [address] = facts.meshName?.addresses ?? [];
  if (address === undefined || isLocalAddress(address) || !isCaptured(facts, address)) return [];
  const family = isIP(address) === 6 ? 6 : 4;
  const packet: Packet = {
    way: 'out',
    family,
    protocol: 'tcp',
    destination: address,
    port: portFor(facts),
    local: false,
    uid: NOBODY,
    gid: NOBODY,
    mark: 0,
  };
  const own = ofFamily(facts, family);
  if (!own.some(({ tables }) => jumps(tables, 'OUTPUT').includes('ISTIO_OUTPUT'))) return [];
  const { one } = decisive(own.map(({ program, tables }) => explain(program, tables, packet)));
  const verdict = one?.verdict;
  if (!verdict || verdict.kind === 'redirected' || verdict.kind === 'unknown') return [];
  const detail = `a connection of a program to ${facts.meshName?.name ?? address} (${address}) does not lead to the sidecar: ${verdict.by}`;
  const hint = `See which rule decides, and who made it: ${facts.meshx('capture', 'explain', '--uid', String(NOBODY), '--to', hostPort(address, packet.port))}`;
  return [wrongOn(facts, detail, { hint })];
}

/** A user without rights of its own. */
const NOBODY = 65534;

/** Settings of the loaded rules: all addresses are captured, but those that are excluded. Rules of others have no such settings. */
function isCaptured({ loaded }: VmFacts, address: string): boolean {
  const setting = (key: string): readonly string[] => (loaded.get(key) ?? '').split(',').filter((each) => each !== '');
  const isExcluded = setting('ISTIO_SERVICE_EXCLUDE_CIDR').some((range) => inCidr(address, range));
  return setting('ISTIO_SERVICE_CIDR').includes('*') && !isExcluded;
}

/** A port that is not excluded. */
function portFor({ loaded }: VmFacts): number {
  const excluded = (loaded.get('ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE') ?? '').split(',');
  return [80, 8080, 9090].find((port) => !excluded.includes(String(port))) ?? 9091;
}

function isLocalAddress(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function ofFamily({ nat }: Pick<VmFacts, 'nat'>, family: 4 | 6): VmFacts['nat'] {
  return nat.filter(({ program }) => program.startsWith(family === 6 ? 'ip6tables' : 'iptables'));
}

function hintFor(facts: VmFacts, port: number): string {
  if (facts.inspection.facts.sshPorts.includes(port))
    return 'SSH is never captured: move the service or sshd to another port';
  return `See which rule decides: ${facts.meshx('capture', 'explain', '--inbound', String(port))}; capture the port: ${facts.meshx('up')}`;
}

function whyNot(
  facts: VmFacts,
  { address, number }: { readonly address: string; readonly number: number },
): string | undefined {
  const family = isIP(address) === 6 ? 6 : 4;
  const packet: Packet = {
    ...{ way: 'in', family, protocol: 'tcp', destination: address, port: number, local: true, mark: 0 },
  };
  const own = ofFamily(facts, family);
  const { one, several } = decisive(own.map(({ program, tables }) => explain(program, tables, packet)));
  if (several) return 'two iptables programs send it to different places';
  const verdict = one?.verdict;
  if (!verdict) return 'no rules are loaded for its address';
  if (verdict.kind === 'redirected')
    return verdict.port === 15006 ? undefined : `it is sent to port ${verdict.port} (${verdict.by})`;
  if (verdict.kind === 'translated') return `it is sent to ${verdict.to} (${verdict.by})`;
  return verdict.kind === 'accepted' ? `no rule redirects it (${verdict.by})` : undefined;
}
