import { directionOf } from '../../mesh/access-entry.ts';
import type { AccessLogLine } from '../../mesh/access-log.ts';
import { isAnswer } from '../../mesh/web-request.ts';
import type { Seen } from '../check.ts';
import type { RequestSeen } from './request-seen.ts';

/** Whether the request failed in a way whose place is worth naming. */
export function isFailed({ reply, connection, expected }: RequestSeen): boolean {
  if (connection) return connection.outcome === 'failed';
  if (!reply) return false;
  return !isAnswer(reply) || (reply.status >= 500 && reply.status !== expected.status);
}

/** Which hop failed: name, client's proxy, network, the VM's proxy, or the application. */
export function judgeHop(seen: RequestSeen): Seen {
  const { entries, reply, client } = seen;
  if (reply && !isAnswer(reply) && reply.failure === 'no-address')
    return failed(`the name: ${client.name} cannot resolve it`);
  const lines = entries.flatMap(({ line }) => line ?? []);
  const server = lines.find((line) => directionOf(line) === 'inbound');
  const own = lines.find((line) => directionOf(line) === 'outbound');
  if (server) return failed(hopOfServer(server));
  if (own) return failed(hopOfClient(own));
  return { ok: 'skipped', detail: 'no line of an access log shows how far it came' };
}

function failed(detail: string): Seen {
  return { ok: false, detail };
}

/** The server's proxy had it: what it says is about the application. */
function hopOfServer({ flags, details, status, upstreamHost }: AccessLogLine): string {
  if (details?.startsWith('rbac_access_denied') === true)
    return "the VM's proxy: an AuthorizationPolicy denies the client";
  const at = upstreamHost ?? 'its port';
  if (flags.includes('UF')) return `the application: nothing accepts connections at ${at}`;
  if (flags.length > 0) return `the application at ${at}: ${flags.join(', ')}`;
  return status >= 500 ? `the application at ${at} answered ${status}` : `behind the VM's proxy: it answered ${status}`;
}

const NO_ENDPOINT = new Set(['UH', 'NR', 'NC', 'DF', 'UO']);

/** Only the client's proxy had it. */
function hopOfClient({ flags, upstreamHost, transportFailure }: AccessLogLine): string {
  const why = transportFailure === undefined ? '' : ` (${transportFailure})`;
  const none = flags.find((flag) => NO_ENDPOINT.has(flag));
  if (none !== undefined || upstreamHost === undefined)
    return `the client's proxy: it has no endpoint to send it to${none === undefined ? '' : ` (${none})`}`;
  return `the network to ${upstreamHost}, or the VM's proxy, which refused it before its log${why}`;
}
