import { directionOf } from '../../mesh/access-entry.ts';
import type { AccessLogLine } from '../../mesh/access-log.ts';
import type { Seen } from '../check.ts';
import type { RequestSeen } from './request-seen.ts';

/** What facts of the connection say about mutual TLS, strongest first. */
interface TlsEvidence {
  readonly mutual: boolean;
  readonly by: string;
}

/** The evidence of the server's proxy; undefined if nothing shows it. */
function tlsEvidence({ entries, counters }: Pick<RequestSeen, 'entries' | 'counters'>): TlsEvidence | undefined {
  const inbound = entries.flatMap(({ line }) => (line && directionOf(line) === 'inbound' ? [line] : []));
  return ofCounters(counters) ?? ofLines(inbound);
}

/** istiod's own label of the server's counters: mutual_tls or none. */
function ofCounters(counters: RequestSeen['counters']): TlsEvidence | undefined {
  const [first] = counters.filter(
    ({ labels }) =>
      labels['reporter'] === 'destination' && /^(mutual_tls|none)$/.test(labels['connection_security_policy'] ?? ''),
  );
  if (!first) return undefined;
  const policy = first.labels['connection_security_policy'] ?? '';
  const principal = first.labels['source_principal'] ?? '';
  const client = /^(|unknown)$/.test(principal) ? '' : `, client ${principal}`;
  return { mutual: policy === 'mutual_tls', by: `${first.name} has connection_security_policy ${policy}${client}` };
}

function ofLines(lines: readonly AccessLogLine[]): TlsEvidence | undefined {
  const peer = lines.find((line) => line.peer !== undefined)?.peer;
  if (peer !== undefined) return { mutual: true, by: `the server's access log has the client's identity ${peer}` };
  const name = lines.map((line) => line.serverName).find((sni) => sni?.startsWith('outbound_.'));
  // Istio's clients ask for this name, and the sidecar ends TLS only with a client's certificate.
  if (name !== undefined)
    return { mutual: true, by: `the server's sidecar ended the TLS of a mesh client for ${name}` };
  const plain = lines.find((line) => line.request !== undefined && line.serverName === undefined);
  return plain && { mutual: false, by: "the server's access log has no TLS server name, so the client sent plaintext" };
}

/** Compares what was seen with what the policies prescribe, if they are known. */
export function judgeTls(seen: RequestSeen): Seen {
  const evidence = tlsEvidence(seen);
  if (!evidence) return { ok: 'skipped', detail: whyUnseen(seen) };
  const { mutual, by } = evidence;
  const detail = `${mutual ? 'mutual TLS' : 'no mutual TLS'}: ${by}`;
  const { meeting } = seen.expected;
  const isRight = meeting === undefined || (meeting === 'mutual-tls') === mutual;
  if (isRight && (mutual || seen.client.kind === 'here' || meeting !== undefined)) return { ok: true, detail };
  if (isRight) return { ok: false, severity: 'warning', detail, hint: PLAIN };
  return { ok: false, detail: `${detail}; the policies prescribe ${meeting}`, hint: PLAIN };
}

const PLAIN =
  'Find the PeerAuthentication or DestinationRule that decides: meshx check --only policy; a client outside the mesh has no certificate';

function whyUnseen({ sides, client, entries }: RequestSeen): string {
  const server = sides.filter(({ role }) => role !== 'client');
  const off = server.find(({ logging }) => logging === 'off');
  if (off) return `not seen: access logging of ${off.name} is off, and its Envoy has no counters of Istio that grew`;
  const unread = server.find(({ logging }) => typeof logging === 'object');
  if (unread && typeof unread.logging === 'object') return `not seen: ${unread.name}: ${unread.logging.unread}`;
  if (entries.some(({ line }) => line?.format === 'old'))
    return 'not seen: this format of access logs says nothing about TLS, and no counter of Istio grew';
  if (server.length === 0) return `not seen: only the log of the client (${client.name}) was read`;
  return "not seen: no line of the server's access log and no counter of Istio shows it";
}
