import { parseAccessLog } from '../../mesh/access-log.ts';
import type { Meeting } from '../../mesh/mutual-tls.ts';
import type { DialAnswer } from '../../vm/reachability/dial.ts';
import type { Connection } from '../../vm/questions/connection.ts';
import type { OwnEndpoint } from '../../vm/questions/own-endpoint.ts';
import type { Seen } from '../check.ts';

/** The expected connection. */
export interface Expected {
  /** `mysqldb.vm.svc.cluster.local:3306`. */
  readonly target: string;
  readonly http: boolean;
  readonly serverFirst: boolean;
  /** Whether the client's Envoy has counters; the classic proxy has none. */
  readonly counted: boolean;
  /** The server's sidecar itself was asked, without one on the client's side. */
  readonly direct?: true;
}

/** Whether a connection from the VM to a service of the mesh worked and went through the sidecar. */
export function judgeConnection(connection: Connection, expected: Expected): Seen {
  const answered = expected.http ? judgeHttp(connection, expected) : judgeTcp(connection, expected);
  if (!answered.ok || !expected.counted || connection.endpoints.length > 0) return answered;
  const hint =
    'Check on the VM whether it is captured: /usr/local/lib/meshx/capture status; ports of ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE and ranges outside ISTIO_SERVICE_CIDR are not.';
  return {
    ok: false,
    detail: `${answered.detail}, but the sidecar's cluster of this service counted no connection`,
    hint,
  };
}

function judgeHttp({ http, address, log }: Connection, { target, direct }: Expected): Seen {
  const status = http.find((line) => line.startsWith('HTTP/'));
  if (!status) {
    return {
      ok: false,
      detail: `${target} (${address || 'no address'}) sent no HTTP response: ${http[0] ?? 'nothing'}`,
      hint: flagHint(log),
    };
  }
  const header = (name: string): string => http.find((line) => line.toLowerCase().startsWith(`${name}:`)) ?? '';
  const headers = [header('server'), header('x-envoy-upstream-service-time')].filter(Boolean).join(', ');
  const detail = `${target} (${address}) answers ${status}${headers && ` with ${headers}`}`;
  if (/^HTTP\/\S+ 5/.test(status)) return { ok: false, detail, hint: flagHint(log) };
  // istio-envoy alone is the server's proxy: no proxy on this side handled the response.
  if (!direct && /^server: istio-envoy/i.test(header('server')))
    return {
      ok: false,
      detail,
      hint: "Only the server's proxy answered, so the VM is not captured. On the VM: /usr/local/lib/meshx/capture status",
    };
  return { ok: true, detail };
}

function judgeTcp({ code, bytes, address, text, log }: Connection, { target, serverFirst }: Expected): Seen {
  const where = `${target} (${address || 'no address'})`;
  if (bytes > 0) return { ok: true, detail: `${where} sends ${bytes} bytes${refusal(text)}` };
  if (code === 124 && !serverFirst) return { ok: true, detail: `${where} accepts connections and stays silent` };
  const detail =
    code === 3
      ? `${where} accepts no connection`
      : code === 124
        ? `${where} is open but silent`
        : `${where} closes without a byte`;
  return { ok: false, detail, hint: flagHint(log) };
}

/** MySQL sends an error packet to a client whose host has no grant: the connection works, the account does not. */
function refusal(text: string): string {
  return /Host '[^']*' is not allowed/.test(text)
    ? " (MySQL allows no user from the sidecar's address, 127.0.0.6: clients of the mesh need users for it or for '%')"
    : '';
}

function flagHint(log: readonly string[]): string {
  const flags = log.flatMap((line) => parseAccessLog(line)?.flags ?? []);
  const seen = flags.length > 0 ? ` The access log has the flags ${[...new Set(flags)].join(', ')}.` : '';
  return `Check that the service runs and that its port name starts with its protocol.${seen}`;
}

/** Whose certificate the inbound side saw: by the VM's own access log, or by the connection to its own sidecar. A counter shows no peer. */
export function judgeMtls(log: readonly string[], port: number, own?: OwnEndpoint): Seen {
  const inbound = log.filter((line) => line.includes(`inbound|${port}||`));
  const peers = inbound.flatMap((line) => parseAccessLog(line)?.peer ?? /spiffe:\/\/[^\s",]+/.exec(line)?.[0] ?? []);
  if (peers.length > 0)
    return { ok: true, detail: `the VM's access log has the client's identity ${[...new Set(peers)].join(', ')}` };
  if (own?.established)
    return { ok: true, detail: `the VM's sidecar and a client with the VM's own certificate accepted each other` };
  const hint = 'Append %DOWNSTREAM_PEER_URI_SAN% to accessLogFormat of the mesh, with accessLogFile /dev/stdout.';
  if (inbound.length === 0) return { ok: 'skipped', detail: 'not seen: the VM logged no request of this port', hint };
  const name = inbound
    .map((line) => parseAccessLog(line)?.serverName ?? '')
    .find((sni) => sni.startsWith('outbound_.'));
  const sni = name ? `; the client asked by TLS for ${name}` : '';
  return { ok: 'skipped', detail: `not seen: the mesh's access log has no client identity${sni}`, hint };
}

/**
 * Compares what a client outside the mesh met with what the policies require. `waiting`: what one met that sent nothing, where the first
 * one sent.
 */
export function judgeOutside(answer: DialAnswer, expected: Meeting, serverFirst: boolean, waiting?: DialAnswer): Seen {
  if (waiting !== undefined) return judgeWaiting(answer, waiting);
  const met = MET[answer];
  const hint =
    'A PeerAuthentication was changed, or traffic bypasses the sidecar; on the VM: /usr/local/lib/meshx/capture status';
  const verdict = (ok: boolean): Seen =>
    ok ? { ok, detail: met } : { ok, detail: `${met}; the policies require: ${expected}`, hint };
  switch (expected) {
    case 'refused':
      if (answer === 'open-silent' && !serverFirst)
        return { ok: 'skipped', detail: `${met}; a client that speaks first was not tried` };
      return verdict(answer !== 'open-with-bytes');
    case 'hangs':
      return verdict(answer === 'open-silent');
    case 'plaintext':
      return verdict(answer === 'open-with-bytes' || (answer === 'open-silent' && !serverFirst));
    case 'mutual-tls':
    case 'tls-of-its-own':
      return { ok: 'skipped', detail: `a plaintext client cannot show "${expected}"` };
  }
}

/** Clients that wait for the server's greeting, where the policies refuse plaintext. */
function judgeWaiting(sent: DialAnswer, waiting: DialAnswer): Seen {
  const served = [sent, waiting].includes('open-with-bytes');
  if (served) return judgeOutside('open-with-bytes', 'refused', true);
  const isReached = waiting === 'open-silent' || waiting === 'closed';
  if (!isReached) return judgeOutside(waiting, 'refused', true);
  const fate =
    waiting === 'closed' ? 'was cut off' : 'hung: it got no greeting and would wait until its own time limit';
  const detail = `a client that waited for the greeting ${fate}; one that sent plaintext: ${MET[sent]}`;
  return waiting === 'closed' ? { ok: true, detail } : { ok: true, detail, hint: DETECTION_HINT };
}

/** How such connections end sooner. */
export const DETECTION_HINT =
  'The sidecar ends such connections itself if the mesh config, for all sidecars, sets protocolDetectionTimeout: 5s';

const MET: Readonly<Record<DialAnswer, string>> = {
  'open-with-bytes': 'it was served in plaintext',
  'open-silent': 'it was connected and heard nothing',
  closed: 'it was connected and cut off',
  refused: 'its connection was refused',
  timeout: 'it got no answer',
};
