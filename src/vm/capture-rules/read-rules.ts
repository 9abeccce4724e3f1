import type { Host } from '../../host/run/host.ts';
import { runScript } from '../../host/run/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { shellFile } from '../../text-files.ts';
import { valueOf } from '../key-values.ts';
import { parseTables, type Tables } from './rules.ts';

const RULES = shellFile(new URL('./rules.root.sh', import.meta.url));
const LIMIT_MS = 60_000;

/** A connection that is asked about: from a process of the VM to an address, or from elsewhere to a port of the VM. */
export type Connection =
  | { readonly way: 'out'; readonly user: string; readonly destination: string; readonly source?: string }
  | { readonly way: 'in'; readonly source?: string };

/** What the VM knows that decides on the connection. */
export interface RuleFacts {
  /** Absent for a connection that arrives, and for a number without a name. */
  readonly user?: { readonly uid: number; readonly gid?: number; readonly name?: string };
  readonly route: Route;
  /** The rules of each iptables program, for the family of the connection. */
  readonly programs: readonly { readonly name: string; readonly tables: Tables }[];
  /** Tables of nftables that belong to no iptables program: `inet filter`. */
  readonly otherTables: readonly string[];
  /** Open connections to the destination: local and remote end. */
  readonly open: readonly (readonly [local: string, remote: string])[];
  /** The user of the sidecar, while capture is loaded. */
  readonly proxyUid?: number;
}

/** How the kernel routes a packet. */
type Route =
  | { readonly local: boolean; readonly device: string; readonly source: string }
  /** There is none. */
  | { readonly refused: string };

/** Reads rules, route and user by one command. Throws `probe-failed`. */
export async function readRules(
  host: Host,
  connection: Connection,
  { family, signal }: { readonly family: 4 | 6; readonly signal?: AbortSignal },
): Promise<RuleFacts> {
  const [user, to] = connection.way === 'out' ? [connection.user, connection.destination] : ['', ''];
  const args = [user, connection.source ?? '', to, String(family)];
  const output = await runScript(host, RULES, args, { timeoutMs: LIMIT_MS, ...(signal && { signal }) });
  if (output.exitCode !== 0)
    throw reconcileProblems.probeFailed({ host: host.name, probe: 'the capture rules', ...output });
  return parseFacts(output.stdout, user);
}

/** The rules of a VM as texts. */
export interface RuleTexts {
  /** What `iptables-save` prints for both families, without comments and counters, by program. */
  readonly programs: Readonly<Record<string, readonly string[]>>;
  /** Lines `PROGRAM TABLE RULE` that capture recorded when it loaded its rules; empty while capture is off. */
  readonly loaded: readonly string[];
}

/** Reads them by one command. Throws `probe-failed`. */
export async function readRuleTexts(host: Host, signal: AbortSignal): Promise<RuleTexts> {
  const output = await runScript(host, RULES, ['', '', '', '46'], { timeoutMs: LIMIT_MS, signal });
  if (output.exitCode !== 0)
    throw reconcileProblems.probeFailed({ host: host.name, probe: 'the capture rules', ...output });
  const areas = areasOf(output.stdout);
  const programs = [...areas].filter(([area]) => area.startsWith('rules '));
  return {
    programs: Object.fromEntries(
      programs.map(([area, lines]) => [area.slice('rules '.length), withoutCounters(lines)]),
    ),
    loaded: areas.get('loaded') ?? [],
  };
}

function withoutCounters(lines: readonly string[]): readonly string[] {
  return lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}

/** Parses the output of rules.root.sh. Pure. */
function parseFacts(stdout: string, user: string): RuleFacts {
  const areas = areasOf(stdout);
  const lines = (area: string): readonly string[] => areas.get(area) ?? [];
  const [uid, gid, name] = lines('user');
  const known = [uid, /^\d+$/.test(user) ? user : undefined].find((id) => id !== undefined && /^\d+$/.test(id));
  const proxy = valueOf(lines('settings').join('\n'), 'PROXY_UID');
  return {
    ...(known !== undefined && {
      user: { uid: Number(known), ...(gid && { gid: Number(gid) }), ...(name && { name }) },
    }),
    route: parseRoute(lines('route')[0] ?? ''),
    programs: [...areas].flatMap(([area, rules]) =>
      area.startsWith('rules ') ? [{ name: area.slice('rules '.length), tables: parseTables(rules) }] : [],
    ),
    otherTables: lines('tables').flatMap((line) => {
      const table = /^table (.+)$/.exec(line)?.[1];
      return table === undefined || OF_IPTABLES.test(table) ? [] : [table];
    }),
    open: lines('open').flatMap((line) => {
      const [, , local, remote] = line.trim().split(/\s+/);
      return local !== undefined && remote !== undefined ? [[local, remote] as const] : [];
    }),
    ...(proxy !== undefined && /^\d+$/.test(proxy) && { proxyUid: Number(proxy) }),
  };
}

/** iptables-nft keeps its rules in tables of these names. */
const OF_IPTABLES = /^ip6? (?:raw|mangle|nat|filter|security)$/;

function areasOf(stdout: string): ReadonlyMap<string, readonly string[]> {
  const areas = new Map<string, string[]>();
  let area: string[] = [];
  for (const line of stdout.split('\n')) {
    if (line.startsWith('|')) area.push(line.slice(1));
    else if (line !== '') areas.set(line, (area = []));
  }
  return areas;
}

/** `10.1.2.3 via 10.150.0.1 dev eth0 src 10.150.0.5 uid 0`, `local 10.150.0.5 dev lo src 10.150.0.5`. */
function parseRoute(line: string): Route {
  const [, device] = / dev (\S+)/.exec(line) ?? [];
  const [, source] = / src (\S+)/.exec(line) ?? / from (\S+)/.exec(line) ?? [];
  if (device === undefined || source === undefined) return { refused: line.trim().slice(0, 200) || 'ip gave no route' };
  return { local: line.startsWith('local '), device, source };
}
