import type {
  ConnectionSeen,
  Counted,
  Expected,
  GrownCounter,
  LogSide,
  RequestSeen,
} from '../../checks/verify/request-seen.ts';
import type { Client } from '../../checks/verify/request-seen.ts';
import type { Host } from '../../host/run/host.ts';
import { type AccessEntry, directionOf } from '../../mesh/access-entry.ts';
import type { Reply, WebRequest } from '../../mesh/web-request.ts';
import { isAnswer } from '../../mesh/web-request.ts';
import { ownCounters } from './own-counters.ts';
import { knownLines, podLines, type PodProxy } from './pod-lines.ts';
import { linesOf, marked } from './request-id.ts';
import { seenSince, watchVm, type VmBefore } from './vm-side.ts';

/** The proxies that are watched while a request is on its way. */
export interface Watched {
  /** The VM that sends, if it is one. */
  readonly client?: Host;
  /** The VM that serves; may be the same. */
  readonly server?: Host;
  /** Pods on the way: a gateway, a client or a server. */
  readonly pods: readonly PodProxy[];
}

interface Sides {
  readonly entries: readonly AccessEntry[];
  readonly sides: readonly LogSide[];
  readonly counted: readonly Counted[];
  readonly counters: readonly GrownCounter[];
}

interface Sending {
  readonly client: Client;
  readonly watched: Watched;
  readonly expected: Expected;
  readonly signal: AbortSignal;
}

/** Sends a request with an id of its own, and collects what each watched proxy shows of it. */
export async function observeRequest(
  request: WebRequest,
  send: (request: WebRequest) => Promise<Reply>,
  { client, watched, expected, signal }: Sending,
): Promise<RequestSeen> {
  const { id, request: sent } = marked(request);
  const before = await watchAll(watched, signal);
  const reply = await send(sent);
  const sides = await sidesOf(
    watched,
    before,
    { choose: (entries) => linesOf(id, entries), wait: wasSent(reply) },
    signal,
  );
  const counted = ownCounters(sides.counted, { host: new URL(request.url).hostname, expected });
  return { client, request: sent, reply, ...sides, counted, expected };
}

/** The same for a connection without HTTP, whose lines have no id: new ones of a port of the service or of its target. */
export async function observeConnection(
  ports: readonly number[],
  connect: () => Promise<ConnectionSeen>,
  { client, watched, expected, signal }: Sending,
): Promise<RequestSeen> {
  const [before, ...known] = await Promise.all([
    watchAll(watched, signal),
    ...watched.pods.map((pod) => knownLines(pod, signal)),
  ]);
  const connection = await connect();
  const old = new Set(known.flat());
  const isOfPort = ({ line, raw }: AccessEntry): boolean =>
    line !== undefined &&
    !old.has(raw) &&
    line.request === undefined &&
    ports.some((port) => line.upstreamCluster?.includes(`|${port}|`));
  const sides = await sidesOf(watched, before, { choose: (entries) => entries.filter(isOfPort), wait: true }, signal);
  const counted = ownCounters(sides.counted, { expected });
  return { client, connection, ...sides, counted, expected };
}

/** Failures of the client itself, before any proxy had a request: no line of it will come. */
const UNSENT: ReadonlySet<string> = new Set(['no-address', 'refused', 'unreachable', 'no-program']);

function wasSent(reply: Reply): boolean {
  return isAnswer(reply) || !UNSENT.has(reply.failure);
}

async function watchAll({ client, server }: Watched, signal: AbortSignal): Promise<readonly VmBefore[]> {
  const hosts = [...new Set([client, server].filter((host) => host !== undefined))];
  return await Promise.all(hosts.map((host) => watchVm(host, signal)));
}

interface Choice {
  /** The lines of the request. */
  readonly choose: (entries: readonly AccessEntry[]) => readonly AccessEntry[];
  /** Whether lines are to be waited for. */
  readonly wait: boolean;
}

async function sidesOf(
  watched: Watched,
  before: readonly VmBefore[],
  { choose, wait }: Choice,
  signal: AbortSignal,
): Promise<Sides> {
  const roles = before.map(({ host }) => roleOf(host, watched));
  const vms = await Promise.all(
    before.map((each, index) => {
      const done = (entries: readonly AccessEntry[]): boolean =>
        !wait || hasAll(choose(entries), roles[index] ?? 'both');
      return seenSince(each, done, signal);
    }),
  );
  const pods = await Promise.all(
    watched.pods.map((pod) => podLines(pod, (entries) => !wait || choose(entries).length > 0, signal)),
  );
  const entries = choose([...vms.flatMap((each) => each.entries), ...pods.flatMap((each) => each.entries)]);
  return {
    entries,
    sides: [
      ...before.map((each, index): LogSide => ({
        name: each.host.name,
        role: roles[index] ?? 'both',
        logging: loggingOf(each),
      })),
      ...pods.map(({ side }) => side),
    ],
    counted: vms.flatMap(({ counted }) => counted),
    counters: vms.flatMap(({ counters }) => counters),
  };
}

function roleOf(host: Host, { client, server }: Watched): LogSide['role'] {
  if (host === client && host === server) return 'both';
  return host === client ? 'client' : 'server';
}

function hasAll(entries: readonly AccessEntry[], role: LogSide['role']): boolean {
  const has = (direction: 'inbound' | 'outbound'): boolean =>
    entries.some(({ line }) => line !== undefined && (directionOf(line) ?? direction) === direction);
  return (role === 'server' || has('outbound')) && (role === 'client' || has('inbound'));
}

function loggingOf({ log, unread }: VmBefore): LogSide['logging'] {
  if (unread !== undefined) return { unread };
  if (log?.logging === undefined) return 'unknown';
  return log.logging ? 'on' : 'off';
}
