import { parseAccessLog } from '../../mesh/access-log.ts';
import type { Meeting } from '../../mesh/mutual-tls.ts';
import type { DialAnswer } from '../../vm/reachability/dial.ts';
import type { Connection } from '../../vm/questions/connection.ts';
import type { Seen } from '../check.ts';

/** How the connection is to be read. */
export interface Expected {
  /** `mysqldb.vm.svc.cluster.local:3306`. */
  readonly target: string;
  readonly http: boolean;
  readonly serverFirst: boolean;
  /** False where no Envoy with counters stands beside the client: the classic proxy. */
  readonly counted: boolean;
}

/** Whether a connection from the VM to a service of the mesh worked, and by way of the sidecar. */
export function judgeConnection(connection: Connection, expected: Expected): Seen {
  const answered = expected.http ? judgeHttp(connection, expected) : judgeTcp(connection, expected);
  if (!answered.ok || !expected.counted || connection.outbound > 0) return answered;
  const hint =
    'Is it captured? On the VM: /usr/local/lib/meshx/capture status; a port of ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE or a range beside ISTIO_SERVICE_CIDR is not.';
  return {
    ok: false,
    detail: `${answered.detail}, but the sidecar's cluster of this service counted no connection`,
    hint,
  };
}

function judgeHttp({ http, address, log }: Connection, { target }: Expected): Seen {
  const status = http.find((line) => line.startsWith('HTTP/'));
  if (!status) {
    return {
      ok: false,
      detail: `${target} (${address || 'no address'}) gave no HTTP answer: ${http[0] ?? 'nothing'}`,
      hint: flagHint(log),
    };
  }
  const header = (name: string): string => http.find((line) => line.toLowerCase().startsWith(`${name}:`)) ?? '';
  const headers = [header('server'), header('x-envoy-upstream-service-time')].filter(Boolean).join(', ');
  const detail = `${target} (${address}) answers ${status}${headers && ` with ${headers}`}`;
  if (/^HTTP\/\S+ 5/.test(status)) return { ok: false, detail, hint: flagHint(log) };
  // istio-envoy alone is the far side's proxy: nothing on this side touched the answer (A49).
  if (/^server: istio-envoy/i.test(header('server')))
    return {
      ok: false,
      detail,
      hint: 'Only the far proxy answered: the VM is not captured. On the VM: /usr/local/lib/meshx/capture status',
    };
  return { ok: true, detail };
}

function judgeTcp({ code, bytes, address, text, log }: Connection, { target, serverFirst }: Expected): Seen {
  const where = `${target} (${address || 'no address'})`;
  if (bytes > 0) return { ok: true, detail: `${where} speaks: ${bytes} bytes${refusal(text)}` };
  if (code === 124 && !serverFirst) return { ok: true, detail: `${where} takes connections and waits for the client` };
  const detail =
    code === 3
      ? `${where} takes no connection`
      : code === 124
        ? `${where} is open but silent`
        : `${where} closes without a byte`;
  return { ok: false, detail, hint: flagHint(log) };
}

/** MySQL answers a client whose host has no grant with an error packet: the way works, the account does not. */
function refusal(text: string): string {
  return /Host '[^']*' is not allowed/.test(text)
    ? "; MySQL allows no user from the sidecar's address: grant one for '%'"
    : '';
}

function flagHint(log: readonly string[]): string {
  const flags = log.flatMap((line) => parseAccessLog(line)?.flags ?? []);
  const seen = flags.length > 0 ? ` The access log has the flags ${[...new Set(flags)].join(', ')}.` : '';
  return `Does the service run, and does its port name tell its protocol?${seen}`;
}

/** Whose certificate the inbound side saw, from the VM's own access log; a count alone would be an assumption. */
export function judgeMtls(log: readonly string[], port: number): Seen {
  const inbound = log.filter((line) => line.includes(`inbound|${port}||`));
  const peers = inbound.flatMap((line) => parseAccessLog(line)?.peer ?? /spiffe:\/\/[^\s",]+/.exec(line)?.[0] ?? []);
  if (peers.length > 0)
    return { ok: true, detail: `the VM's access log has the client's identity ${[...new Set(peers)].join(', ')}` };
  const hint = 'Append %DOWNSTREAM_PEER_URI_SAN% to accessLogFormat of the mesh, with accessLogFile /dev/stdout.';
  if (inbound.length === 0) return { ok: 'skipped', detail: 'not seen: the VM logged no request of this port', hint };
  const name = inbound
    .map((line) => parseAccessLog(line)?.serverName ?? '')
    .find((sni) => sni.startsWith('outbound_.'));
  const sni = name ? `; the client asked by TLS for ${name}` : '';
  return { ok: 'skipped', detail: `not seen: the mesh's access log does not tell the client's identity${sni}`, hint };
}

/** What a client outside the mesh met, against what the policies say it must meet. */
export function judgeOutside(answer: DialAnswer, expected: Meeting, serverFirst: boolean): Seen {
  const met = MET[answer];
  const hint =
    'Somebody changed a PeerAuthentication, or traffic does not pass the sidecar; on the VM: /usr/local/lib/meshx/capture status';
  const verdict = (ok: boolean): Seen =>
    ok ? { ok, detail: met } : { ok, detail: `${met}; the policies say: ${expected}`, hint };
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

const MET: Readonly<Record<DialAnswer, string>> = {
  'open-with-bytes': 'it was served in plaintext',
  'open-silent': 'it was connected and heard nothing',
  closed: 'it was connected and cut off',
  refused: 'its connection was refused',
  timeout: 'it got no answer',
};
