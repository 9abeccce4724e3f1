/** One line of Envoy's access log in one of Istio's default formats. Absent fields were "-" in the line. */
export interface AccessLogLine {
  /** `old`: Istio 0.5 to 0.8. `current`: 1.9 and later, with response details and both ends of the connection; `json`: the same as JSON. */
  readonly format: 'old' | 'current' | 'json';
  /** RFC 3339, as written: 2018-02-14T16:28:24.640Z. */
  readonly time: string;
  /** Absent for TCP. */
  readonly request?: { readonly method: string; readonly path: string; readonly protocol: string };
  /** HTTP status; 0 for TCP and for a connection that ended before an answer. */
  readonly status: number;
  /** Envoy's response flags, [] when there was no proxy error. */
  readonly flags: readonly string[];
  readonly details?: string;
  readonly termination?: string;
  readonly transportFailure?: string;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Milliseconds. */
  readonly duration: number;
  /** Milliseconds of the application. */
  readonly upstreamTime?: number;
  readonly forwardedFor?: string;
  readonly userAgent?: string;
  readonly requestId?: string;
  readonly authority?: string;
  readonly upstreamHost?: string;
  readonly upstreamCluster?: string;
  readonly upstreamLocal?: string;
  readonly downstreamLocal?: string;
  readonly downstreamRemote?: string;
  readonly serverName?: string;
  readonly route?: string;
  /** SPIFFE identity of the peer, if the mesh's log format appends it. */
  readonly peer?: string;
}

const REQUEST = String.raw`\[(?<time>[^\]\s]+)\] "(?<request>[^"]*)"`;
const SIZES = String.raw`(?<received>\d+|-) (?<sent>\d+|-) (?<duration>\d+|-) (?<upstreamTime>\d+|-)`;
const HEADERS = String.raw`"(?<forwardedFor>[^"]*)" "(?<userAgent>[^"]*)" "(?<requestId>[^"]*)" "(?<authority>[^"]*)" "(?<upstreamHost>[^"]*)"`;
const STATUS = String.raw`(?<status>\d{1,3}|-) (?<flags>\S+)`;
const REASON = String.raw`(?<details>\S+) (?<termination>\S+) "(?<transportFailure>[^"]*)"`;
const ENDS = String.raw`(?<upstreamCluster>\S+) (?<upstreamLocal>\S+) (?<downstreamLocal>\S+) (?<downstreamRemote>\S+) (?<serverName>\S+) (?<route>\S+)`;
/**
 * At most one further field. A client that writes into its own fields pushes the real rest of the line, which is
 * longer, behind it. So an identity at this position comes from the proxy.
 */
const PEER = String.raw`(?: (?<more>\S+))?`;

const OLD = new RegExp(`^${REQUEST} ${STATUS} ${SIZES} ${HEADERS}\\s*$`);
const CURRENT = new RegExp(`^${REQUEST} ${STATUS} ${REASON} ${SIZES} ${HEADERS} ${ENDS}${PEER}\\s*$`);

/** Clients choose user agents and paths, so a longer line is not parsed. */
const LONGEST = 65_536;

/** Reads one line; undefined for any other format. */
export function parseAccessLog(line: string): AccessLogLine | undefined {
  if (line.length > LONGEST) return undefined;
  const current = withPeer(CURRENT.exec(line)?.groups);
  const fields = current ?? OLD.exec(line)?.groups;
  return fields && { format: current ? 'current' : 'old', ...required(fields), ...optional(fields) };
}

/** A certificate may name several identities; the first is the workload's. */
function withPeer(fields: Record<string, string> | undefined) {
  const [, peer] = /^"?(spiffe:\/\/[^\s",]+)/.exec(fields?.['more'] ?? '') ?? [];
  return fields && { ...fields, ...(peer && { peer }) };
}

function required(fields: Readonly<Record<string, string | undefined>>) {
  const { time = '', status, flags = '-', received, sent, duration } = fields;
  return {
    time,
    status: number(status) ?? 0,
    flags: flags === '-' ? [] : flags.split(','),
    bytesReceived: number(received) ?? 0,
    bytesSent: number(sent) ?? 0,
    duration: number(duration) ?? 0,
  };
}

const TEXTS = [
  ...(['details', 'termination', 'transportFailure', 'forwardedFor', 'userAgent', 'requestId', 'authority'] as const),
  ...(['upstreamHost', 'upstreamCluster', 'upstreamLocal', 'downstreamLocal', 'downstreamRemote'] as const),
  ...(['serverName', 'route', 'peer'] as const),
];

function optional(fields: Readonly<Record<string, string | undefined>>) {
  const present = TEXTS.filter((name) => fields[name] !== undefined && fields[name] !== '-' && fields[name] !== '');
  const upstreamTime = number(fields['upstreamTime']);
  const request = requestOf(fields['request'] ?? '');
  return {
    ...Object.fromEntries(present.map((name) => [name, fields[name]])),
    ...(upstreamTime !== undefined && { upstreamTime }),
    ...(request && { request }),
  };
}

function requestOf(text: string): AccessLogLine['request'] {
  const [, method, path, protocol] = /^(\S+) (.*) (\S+)$/.exec(text) ?? [];
  return method && path && protocol && method !== '-' ? { method, path, protocol } : undefined;
}

function number(text: string | undefined): number | undefined {
  return text === undefined || text === '-' ? undefined : Number(text);
}
