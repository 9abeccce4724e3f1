import { directionOf } from '../../mesh/access-entry.ts';
import type { AccessLogLine } from '../../mesh/access-log.ts';
import { explainFlag } from '../../mesh/response-flags.ts';
import type { Seen } from '../check.ts';
import { isFailed } from './judge-hop.ts';
import type { LogSide, RequestSeen } from './request-seen.ts';

interface Sides {
  readonly client: readonly AccessLogLine[];
  readonly server: readonly AccessLogLine[];
}

/** A line of a format without directions belongs to the side of its source. */
function sidesOf({ entries }: Pick<RequestSeen, 'entries'>): Sides {
  const of = (side: 'client' | 'server'): readonly AccessLogLine[] =>
    entries.flatMap(({ line, role }) => {
      const direction = line && directionOf(line);
      const own = direction === undefined ? role : direction === 'inbound' ? 'server' : 'client';
      return line && own === side ? [line] : [];
    });
  return { client: of('client'), server: of('server') };
}

/** Whether each side logged the request, and under one id. Logging that is off is no missing traffic. */
export function judgeLogs(seen: RequestSeen): Seen {
  const { sides, entries } = seen;
  if (sides.length === 0) return { ok: 'skipped', detail: 'no proxy on the way has a log that meshx can read' };
  const { client, server } = sidesOf(seen);
  const found = sides.filter((side) => hasLine(side, seen));
  const missing = sides.filter((side) => !found.includes(side));
  const silent = missing.filter(({ logging }) => logging === 'on');
  if (silent.length > 0 && found.length === 0 && entries.length === 0 && !isFailed(seen))
    return {
      ok: false,
      detail: `access logging is on, and ${silent.map(({ name }) => name).join(' and ')} has no line of this request: it did not pass there`,
      hint: 'See which rules take a connection to the sidecar: meshx capture VM explain --uid 65534 --to ADDRESS:PORT',
    };
  if (entries.length === 0) return { ok: 'skipped', detail: missing.map(whyMissing).join('; '), hint: ON };
  const [id] = entries.flatMap(({ line }) => line?.requestId ?? []);
  const by = id === undefined ? 'by address and port' : `by request id ${id}`;
  const rest = missing.length > 0 ? `; ${missing.map(whyMissing).join('; ')}` : '';
  if (client.length > 0 && server.length > 0) return { ok: true, detail: `client and server are joined ${by}${rest}` };
  // A client outside the mesh has no proxy that could log.
  if (seen.client.kind === 'here' && server.length > 0)
    return { ok: true, detail: `the server logged it, ${by}; the client has no proxy${rest}` };
  const only = `only the ${server.length > 0 ? 'server' : 'client'} logged it, ${by}`;
  const unread = sides.length === 1 && sides[0]?.role !== 'both' ? '; the log of the other side was not read' : '';
  if (silent.length > 0 && !isFailed(seen)) return { ok: false, detail: `${only}${rest}` };
  return { ok: 'skipped', detail: `${only}${rest}${unread}` };
}

const ON =
  'Turn access logging on with accessLogFile: /dev/stdout in meshConfig, or with a Telemetry resource (accessLogging)';

function hasLine({ name, role }: LogSide, { entries }: RequestSeen): boolean {
  return entries.some(
    (entry) => entry.source === name && (role === 'both' || entry.role === undefined || entry.role === role),
  );
}

function whyMissing({ name, logging }: LogSide): string {
  if (typeof logging === 'object') return `${name}: ${logging.unread}`;
  if (logging === 'off') return `access logging of ${name} is off`;
  return logging === 'on' ? `${name} has no line of it` : `${name} has no line of it; access logging may be off there`;
}

/** Whether the client's proxy chose an endpoint that is registered. */
export function judgeEndpoint(seen: RequestSeen): Seen {
  const { endpoints = [] } = seen.expected;
  const chosen = [
    ...sidesOf(seen).client.flatMap(({ upstreamHost }) => upstreamHost ?? []),
    ...seen.counted.flatMap(({ cluster, endpoint }) => (cluster.startsWith('outbound') ? [endpoint] : [])),
  ];
  const once = [...new Set(chosen)];
  if (once.length === 0) return { ok: 'skipped', detail: 'no proxy of a client showed which endpoint it chose' };
  const others = once.filter((each) => !endpoints.includes(each));
  if (others.length === 0) return { ok: true, detail: once.join(', ') };
  return {
    ok: false,
    detail: `${others.join(', ')} is not among ${endpoints.join(', ') || 'the registered endpoints, of which there are none'}`,
  };
}

/** Whether clients used a name of the service, not an address. */
export function judgeAuthority(seen: RequestSeen): Seen {
  const { authorities = [] } = seen.expected;
  const used = [...new Set(seen.entries.flatMap(({ line }) => line?.authority ?? []))];
  if (used.length === 0) return { ok: 'skipped', detail: 'no line of an access log has the authority' };
  const others = used.filter((each) => !authorities.includes(each));
  return others.length === 0
    ? { ok: true, detail: used.join(', ') }
    : {
        ok: false,
        severity: 'note',
        detail: `${others.join(', ')}; the service's names are ${authorities.join(', ')}`,
      };
}

/** Where the server's proxy delivered: loopback up to Istio 1.9, the instance's own address since. */
export function judgeDelivery(seen: RequestSeen): Seen {
  const delivered = sidesOf(seen).server.flatMap(({ upstreamHost }) => upstreamHost ?? []);
  if (delivered.length === 0) return { ok: 'skipped', detail: "no line of the server's access log" };
  const { endpoints = [] } = seen.expected;
  const isOwn = (host: string): boolean => /^(127\.0\.0\.1|\[::1\]):/.test(host) || endpoints.includes(host);
  const others = [...new Set(delivered)].filter((host) => !isOwn(host));
  return others.length === 0
    ? { ok: true, detail: `to ${[...new Set(delivered)].join(', ')}` }
    : { ok: false, detail: `to ${others.join(', ')}, which is not the instance's own address` };
}

/** Whether a proxy reported an error, and that the client's side took no less time than the server's. */
export function judgeErrors(seen: RequestSeen): Seen {
  const { client, server } = sidesOf(seen);
  const lines = [...client, ...server];
  if (lines.length === 0) return { ok: 'skipped', detail: 'no line of an access log' };
  const flags = [...new Set(lines.flatMap((line) => line.flags))];
  const reasons = [...new Set(lines.flatMap((line) => line.transportFailure ?? []))];
  if (flags.length > 0) return { ok: false, detail: [...flags.map(explainFlag), ...reasons].join('; ') };
  const [first, second] = [client[0], server[0]];
  const took = [first && `${first.duration} ms at the client`, second && `${second.duration} ms at the server`];
  return { ok: true, detail: `no response flag, ${took.filter(Boolean).join(', ')}` };
}
