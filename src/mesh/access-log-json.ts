import { tryJson } from '../documents/json.ts';
import type { AccessLogLine } from './access-log.ts';
import { mapping } from './unknown.ts';

/** The names of Istio's JSON format (accessLogEncoding: JSON) for fields of text. */
const TEXTS = {
  details: 'response_code_details',
  termination: 'connection_termination_details',
  transportFailure: 'upstream_transport_failure_reason',
  forwardedFor: 'x_forwarded_for',
  userAgent: 'user_agent',
  requestId: 'request_id',
  authority: 'authority',
  upstreamHost: 'upstream_host',
  upstreamCluster: 'upstream_cluster',
  upstreamLocal: 'upstream_local_address',
  downstreamLocal: 'downstream_local_address',
  downstreamRemote: 'downstream_remote_address',
  serverName: 'requested_server_name',
  route: 'route_name',
} as const;

/** Reads one line of Istio's JSON format; undefined for any other text. Absent fields are null or "-" there. */
export function parseJsonAccessLog(line: string): AccessLogLine | undefined {
  // Clients choose paths and user agents.
  if (line.length > 65_536 || !line.startsWith('{')) return undefined;
  const fields = mapping(tryJson(line));
  const text = (name: string): string | undefined => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' && value !== '-' ? value : undefined;
  };
  const number = (name: string): number | undefined => {
    const value = Number(fields[name] ?? Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  };
  const [time, status] = [text('start_time'), number('response_code')];
  if (time === undefined || status === undefined) return undefined;
  const [method, path, protocol] = [text('method'), text('path'), text('protocol')];
  const found = Object.entries(TEXTS).map(([key, name]) => [key, text(name)] as const);
  const upstreamTime = number('upstream_service_time');
  return {
    ...{ format: 'json', time, status, flags: text('response_flags')?.split(',') ?? [] },
    ...{ bytesReceived: number('bytes_received') ?? 0, bytesSent: number('bytes_sent') ?? 0 },
    duration: number('duration') ?? 0,
    ...(method && path && protocol && { request: { method, path, protocol } }),
    ...(upstreamTime !== undefined && { upstreamTime }),
    ...Object.fromEntries(found.filter(([, value]) => value !== undefined)),
  };
}
