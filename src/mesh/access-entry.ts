import { type AccessLogLine, parseAccessLog } from './access-log.ts';
import { parseJsonAccessLog } from './access-log-json.ts';

/** One line of the access log of a proxy. */
export interface AccessEntry {
  /** Whose log it is: a VM or a pod. */
  readonly source: string;
  readonly role?: 'client' | 'server';
  /** Absent for a format that meshx does not know. */
  readonly line?: AccessLogLine;
  readonly raw: string;
}

/** The line of a log as an entry; undefined for a line of a program that is no access-log line. */
export function accessEntry(raw: string, from: Pick<AccessEntry, 'source' | 'role'>): AccessEntry | undefined {
  const line = parseAccessLog(raw) ?? parseJsonAccessLog(raw);
  // Formats of the operator's own begin in one of these ways, and the agent's lines with a date.
  if (line === undefined && !/^(?:\[|\{")/.test(raw)) return undefined;
  return { ...from, raw, ...(line && { line }) };
}

/** Whether the proxy sent this request out or took it in; undefined if the format does not say. */
export function directionOf({ upstreamCluster, format }: AccessLogLine): 'inbound' | 'outbound' | undefined {
  if (format === 'old' || upstreamCluster === undefined) return undefined;
  return /^inbound|^InboundPassthrough/.test(upstreamCluster) ? 'inbound' : 'outbound';
}

/** Whether an entry may be of this side of a request. */
export function isOfRole({ line, role }: AccessEntry): boolean {
  const direction = line && directionOf(line);
  if (role === undefined || direction === undefined) return true;
  return direction === (role === 'client' ? 'outbound' : 'inbound');
}

/**
 * What is the same on both sides of one request or connection. HTTP: the request id. TCP: the address and port from which the client's
 * proxy connects, which the server's proxy sees. Undefined for a line without either.
 */
export function joinKey(entry: AccessEntry): string | undefined {
  const { line } = entry;
  if (line?.requestId !== undefined) return `request ${line.requestId}`;
  if (line === undefined || line.request !== undefined) return undefined;
  const end = directionOf(line) === 'inbound' ? line.downstreamRemote : line.upstreamLocal;
  return end === undefined ? undefined : `connection from ${end}`;
}

/** The entries by time; those of one request or connection stay together, the client's before the server's. */
export function joined(entries: readonly AccessEntry[]): readonly (readonly AccessEntry[])[] {
  const groups = new Map<string, AccessEntry[]>();
  for (const [index, entry] of entries.entries()) {
    const key = joinKey(entry) ?? `line ${index}`;
    const known = groups.get(key);
    if (known) known.push(entry);
    else groups.set(key, [entry]);
  }
  for (const group of groups.values()) group.sort((a, b) => side(a) - side(b) || compareTime(a, b));
  // A group is at the time of its first line.
  return [...groups.values()].sort((a, b) => compareTime(first(a), first(b)));
}

function first(group: readonly AccessEntry[]): AccessEntry {
  const [one, ...more] = group;
  if (one === undefined) throw new TypeError('a group has an entry');
  return more.reduce((earliest, entry) => (compareTime(entry, earliest) < 0 ? entry : earliest), one);
}

function side({ line, role }: AccessEntry): number {
  if (role !== undefined) return role === 'client' ? 0 : 1;
  return line && directionOf(line) === 'inbound' ? 1 : 0;
}

/** An unknown format has no time, and stays where it is. */
function compareTime(a: AccessEntry, b: AccessEntry): number {
  const [left, right] = [a, b].map(({ line }) => Date.parse(line?.time ?? ''));
  if (left === undefined || right === undefined || Number.isNaN(left) || Number.isNaN(right)) return 0;
  return left - right;
}
