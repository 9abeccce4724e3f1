import type { Rule, Tables } from '../../vm/capture-rules/rules.ts';
import type { Seen } from '../check.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

const dns = { category: 'dns', severity: 'error' } as const;

/** The DNS of the sidecar: who asks it, and whom it asks. */
export const nameChecks: readonly VmCheck[] = [
  {
    ...{ ...dns, id: 'mesh-names' },
    title: 'names of the mesh resolve on the VM',
    needs: [...SUBJECT, 'dnsCapture', 'meshName', 'nat'],
    judge: meshNames,
  },
  {
    ...{ ...dns, id: 'dns-captured' },
    title: 'queries to the name servers of the VM reach the sidecar',
    needs: [...SUBJECT, 'dnsCapture', 'nameServers', 'nat'],
    judge: captured,
  },
  {
    ...{ ...dns, id: 'dns-loop' },
    title: "the sidecar's own queries do not come back to it",
    needs: [...SUBJECT, 'dnsCapture', 'nameServers', 'nat'],
    judge: loop,
  },
  {
    ...{ ...dns, id: 'name-servers' },
    title: 'the name servers of the VM answer',
    needs: [...SUBJECT, 'answering', 'nameServers'],
    judge: servers,
  },
];

const SLOW_MS = 2000;

function meshNames(facts: VmFacts): readonly Seen[] {
  const { meshName } = facts;
  if (!facts.dnsCapture || meshName === null || dnsRules(facts).length === 0) return [];
  const hint = `Ask the sidecar itself, then the resolver: ${facts.ssh('dig', '@127.0.0.1', '-p', '15053', meshName.name)}; ${facts.ssh('getent', 'ahosts', meshName.name)}`;
  if (meshName.addresses.length === 0)
    return [wrongOn(facts, `${meshName.name} does not resolve, though the sidecar knows it`, { hint })];
  if (meshName.tookMs < SLOW_MS) return [];
  const detail = `${meshName.name} took ${(meshName.tookMs / 1000).toFixed(1)} s to resolve`;
  return [wrongOn(facts, detail, { hint, severity: 'warning' })];
}

/** Rules that redirect queries to the DNS of the agent. */
function dnsRules({ nat }: Pick<VmFacts, 'nat'>): readonly Rule[] {
  const chains = nat.flatMap(({ tables }) => [...(tables.get('nat')?.values() ?? [])]);
  return chains.flatMap(({ rules }) => rules).filter(({ target }) => target?.words.includes('15053') === true);
}

/** The address that a rule is for; undefined for all. */
function destination({ conditions }: Rule): string | undefined {
  const found = conditions.find(({ option, negated }) => option === '-d' && !negated)?.values[0];
  return found?.replace(/\/(?:32|128)$/, '');
}

function captured(facts: VmFacts): readonly Seen[] {
  const rules = dnsRules(facts);
  const { now } = facts.nameServers;
  if (!facts.dnsCapture || !hasCapture(facts) || now.length === 0) return [];
  const taken = rules.map(destination);
  if (taken.includes(undefined) || now.some((server) => taken.includes(server))) return [];
  const instead = rules.length === 0 ? 'no queries' : `those to ${[...new Set(taken)].join(', ')}`;
  const detail = `resolv.conf names ${now.join(', ')}, and the rules redirect ${instead}: names of the mesh do not resolve`;
  const hint = `Start the sidecar again, which follows resolv.conf: ${facts.ssh('systemctl', 'restart', 'istio.service')}; find who writes resolv.conf: ${facts.ssh('ls', '-l', '/etc/resolv.conf')}`;
  return [wrongOn(facts, detail, { hint })];
}

/** Whether rules of Istio are loaded at all; other checks say that they are not. */
function hasCapture({ nat }: Pick<VmFacts, 'nat'>): boolean {
  return nat.some(({ tables }) => hasChain(tables, 'ISTIO_OUTPUT'));
}

function hasChain(tables: Tables, chain: string): boolean {
  return (tables.get('nat')?.get(chain)?.rules.length ?? 0) > 0;
}

/** Without a server that answers, only names of the mesh resolve; one that is silent costs each program 5 s before it asks the next. */
function servers(facts: VmFacts): readonly Seen[] {
  const { answering, nameServers } = facts;
  const hint = `Let it name servers that answer; see who writes it: ${facts.ssh('ls', '-l', '/etc/resolv.conf')}; and ask one: ${facts.ssh('getent', 'ahosts', 'istio.io')}`;
  if (nameServers.now.length === 0)
    return [wrongOn(facts, '/etc/resolv.conf names no server, so names outside the mesh do not resolve', { hint })];
  const silent = answering.filter(({ answers }) => !answers).map(({ address }) => address);
  if (silent.length === 0) return [];
  const [what, severity] =
    silent.length === answering.length
      ? (['so names outside the mesh do not resolve', 'error'] as const)
      : (['and programs wait 5 s before they ask the next', 'warning'] as const);
  return [wrongOn(facts, `no answer from name server ${silent.join(', ')}, ${what}`, { hint, severity })];
}

function isLocal(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** A resolver on the machine asks its servers as a user of its own, whose queries rules for all servers redirect to the sidecar. */
function loop(facts: VmFacts): readonly Seen[] {
  if (!facts.dnsCapture) return [];
  const { now, atStart = now } = facts.nameServers;
  const local = atStart.find(isLocal);
  if (local === undefined) return [];
  const everything = dnsRules(facts).find((rule) => destination(rule) === undefined);
  const remote = dnsRules(facts)
    .map(destination)
    .find((address) => address !== undefined && !isLocal(address));
  if (!everything && remote === undefined) return [];
  const what = everything ? 'all queries of port 53' : `queries to ${remote}`;
  const detail = `the sidecar asks ${local}, a resolver on the VM, and the rules redirect ${what} of that resolver back to the sidecar`;
  const hint = `Leave one of the two in resolv.conf, and no CAPTURE_ALL_DNS in the env files, then restart the sidecar: ${facts.ssh('systemctl', 'restart', 'istio.service')}`;
  return [wrongOn(facts, detail, { hint })];
}
