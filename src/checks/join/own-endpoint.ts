import { hostPort } from '../../mesh/address.ts';
import type { Meeting } from '../../mesh/mutual-tls.ts';
import { portMeaning } from '../../mesh/protocol.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import type { Connection } from '../../vm/questions/connection.ts';
import type { OwnEndpoint } from '../../vm/questions/own-endpoint.ts';
import type { Seen } from '../check.ts';
import { judgeConnection } from './connection.ts';

/** How a client of the mesh is served; undefined where the policies let none be served as its sidecar connects. */
export function wayIn(meeting: Meeting = 'mutual-tls'): 'tls' | 'plain' | undefined {
  if (meeting === 'mutual-tls') return 'tls';
  return meeting === 'plaintext' ? 'plain' : undefined;
}

/** What a service speaks. */
export interface Spoken {
  readonly http: boolean;
  readonly serverFirst: boolean;
}

/** The endpoint of a VM. */
export interface Endpoint extends Spoken {
  readonly address: string;
  readonly port: number;
  readonly how: 'tls' | 'plain';
}

/** What the service of a port speaks, by the port's name. */
export function spokenAt(port: ServicePort): Spoken {
  const { protocol, serverFirst } = portMeaning(port);
  return { http: protocol === 'HTTP', serverFirst };
}

/** The endpoint of a VM for a port; undefined where no client of the mesh is served. */
export function endpointOf(address: string, port: ServicePort, meeting?: Meeting): Endpoint | undefined {
  const how = wayIn(meeting);
  return how && { address, port: port.number, ...spokenAt(port), how };
}

/**
 * Whether this VM itself serves clients of the mesh. No other endpoint of the service can have answered its own sidecar. Without that
 * answer, a connection through the mesh counts if it chose this endpoint alone.
 */
export function judgeOwn(own: OwnEndpoint, endpoint: Endpoint, through?: Connection): Seen {
  const seen = judgeAnswer(own, endpoint);
  const untold = untoldBy(own, endpoint, seen);
  if (!untold) return seen;
  const { http, serverFirst } = endpoint;
  const target = hostPort(endpoint.address, endpoint.port);
  if (through?.endpoints.join() !== target) return { ok: 'skipped', ...untold };
  const chosen = judgeConnection(through, { target, http, serverFirst, counted: true });
  return { ...chosen, detail: `${chosen.detail}: the connection through the mesh chose this VM` };
}

/** Of a service that waits for the client, nothing is seen beyond the connection. */
export function ownTitle(subject: string, { http, serverFirst }: Spoken): string {
  return `${subject} ${http || serverFirst ? 'answers' : 'accepts connections of'} clients of the mesh`;
}

function judgeAnswer(own: OwnEndpoint, endpoint: Endpoint): Seen {
  const { address, port, how } = endpoint;
  const target = hostPort(address, port);
  if (own.listed === 'no')
    return {
      ok: false,
      detail: `clients of the service do not have the endpoint ${target} of this VM`,
      hint: 'Find out why: meshx check VM --only=registration,service',
    };
  if (how === 'tls' && !own.established)
    return {
      ok: false,
      detail: `the sidecar of this VM accepts no mutual TLS at ${target}: ${own.said.join('; ') || 'no handshake'}`,
      hint: 'Compare its certificate with the roots of the mesh: meshx check VM --only=identity',
    };
  const seen = judgeDelivery(own, endpoint, target);
  const way = how === 'tls' ? 'over mutual TLS' : 'in plaintext, as the policies prescribe';
  const detail = `${seen.detail}, asked at the sidecar of this VM ${way}`;
  if (seen.ok !== true || own.listed !== 'unread') return { ...seen, detail };
  const hint = 'Find out why: meshx check VM --only=sidecar';
  return { ok: false, detail: `${detail}, but its Envoy does not say whether clients have the endpoint`, hint };
}

/** What came back, or what became of the connection to a service that waits for the client: the sidecar accepts it in any case. */
function judgeDelivery({ connection, held }: OwnEndpoint, { http, serverFirst }: Endpoint, target: string): Seen {
  const seen = judgeConnection(connection, { target, http, serverFirst, counted: false, direct: true });
  if (seen.ok !== true || http || connection.bytes > 0) return seen;
  if (held === undefined) return { ok: true, detail: `${seen.detail}; whether a program took this one was not seen` };
  if (held !== 'queued') return { ok: true, detail: `${seen.detail}; ${held.by} took this one` };
  return {
    ok: false,
    detail: `no program accepts the connection to ${target}: it waits in the kernel's queue`,
    hint: 'The program that listens hangs or is overloaded. See its log, and restart it.',
  };
}

/** Why the answer of the VM's own sidecar says nothing of its service. */
function untoldBy(own: OwnEndpoint, endpoint: Endpoint, { ok }: Seen): Pick<Seen, 'detail' | 'hint'> | undefined {
  const { missing } = own;
  if (missing !== undefined)
    return { detail: `not tried: the VM has no ${missing}`, hint: `Install ${missing} on the VM.` };
  if (!isRefused(own, endpoint) || (ok === true && !endpoint.http)) return undefined;
  const hint = 'Name a VM that may call it: --probe-client VM';
  return { detail: "not seen: an AuthorizationPolicy refuses the VM's own account", hint };
}

/** The counters may be those of other clients. A refusal by HTTP has its own status; one by TCP comes after the handshake. */
function isRefused({ denied, listed, established, connection }: OwnEndpoint, { http, how }: Endpoint): boolean {
  if (!denied || listed === 'no') return false;
  return http ? /^HTTP\/\S+ 403/.test(connection.http[0] ?? '') : how === 'plain' || established;
}
