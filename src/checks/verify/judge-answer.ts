import { isDeepStrictEqual } from 'node:util';
import { tryJson } from '../../documents/json.ts';
import { type Failure, headerOf, isAnswer, type WebAnswer } from '../../mesh/web-request.ts';
import type { Seen } from '../check.ts';
import type { RequestSeen } from './request-seen.ts';

/** Whether an answer came, and what it was. An expected status also counts as answered when it is an error. */
export function judgeAnswered({ reply, connection, expected }: RequestSeen): Seen {
  if (connection?.outcome === 'untried') return { ok: 'skipped', detail: connection.detail };
  if (connection)
    return connection.outcome === 'failed' ? failed(connection.detail) : { ok: true, detail: connection.detail };
  if (!reply) return { ok: 'skipped', detail: 'nothing was sent' };
  if (!isAnswer(reply))
    return { ok: false, detail: `${SAID[reply.failure]}: ${reply.detail}`, hint: HINTS[reply.failure] };
  const detail = describe(reply);
  return reply.status < 500 || reply.status === expected.status ? { ok: true, detail } : failed(detail);
}

function failed(detail: string): Seen {
  return {
    ok: false,
    detail,
    hint: 'The flags of the access log say which hop failed; both sides follow with: meshx logs VM -f',
  };
}

/** `HTTP/1.1 201 Created, server: envoy, …, 102 bytes of application/json from 10.63.251.156:9080` */
function describe(answer: WebAnswer): string {
  const shown = ['server', 'x-envoy-upstream-service-time', 'x-envoy-decorator-operation'].flatMap((name) => {
    const value = headerOf(answer, name);
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  const type = headerOf(answer, 'content-type');
  const size = `${Buffer.byteLength(answer.body)} bytes${type === undefined ? '' : ` of ${type}`}`;
  const from = answer.remote === undefined ? '' : ` from ${answer.remote}`;
  return [answer.line, ...shown, `${size}${from}`].join(', ');
}

const SAID: Readonly<Record<Failure, string>> = {
  'no-address': 'the name does not resolve',
  refused: 'the connection was refused',
  timeout: 'no answer came in time',
  unreachable: 'the address cannot be reached',
  'cut-off': 'the connection was cut off before an answer',
  tls: 'TLS failed',
  'not-http': 'the answer is not HTTP',
  'no-program': 'nothing there can send it',
  other: 'the request failed',
};

const HINTS: Readonly<Record<Failure, string>> = {
  'no-address': 'On a VM full names of Services resolve; see what else does: meshx verify vm VM',
  refused: 'Nothing listens on that port, or a policy refuses clients without a certificate: meshx check --only policy',
  timeout: 'A firewall drops the packets, or both sides wait for the first byte: meshx check',
  unreachable:
    'There is no route to the address. A node address of a local cluster is often reachable only from its host; use --from here',
  'cut-off': 'A STRICT PeerAuthentication cuts off plaintext clients: meshx check --only policy',
  tls: 'Compare the name in the URL with the certificate of the server',
  'not-http': 'Verify the service without HTTP, by its name: meshx verify service NAME',
  'no-program': 'Send it from another place with --from, or install curl there',
  other: 'Send it again with --from here, to see whether the place matters',
};

/** Whether the status is the expected one. */
export function judgeStatus({ reply, expected }: RequestSeen): Seen {
  if (!reply || !isAnswer(reply)) return { ok: 'skipped', detail: 'there was no answer' };
  const detail = `${reply.status}`;
  return reply.status === expected.status
    ? { ok: true, detail }
    : { ok: false, detail: `${detail}, expected ${expected.status}` };
}

/** Whether the body is the expected one: JSON by its content, other text without its last line break. */
export function judgeBody({ reply, expected: { body = '' } }: RequestSeen): Seen {
  if (!reply || !isAnswer(reply)) return { ok: 'skipped', detail: 'there was no answer' };
  const [seen, wanted] = [tryJson(reply.body), tryJson(body)];
  const isSame =
    seen !== undefined && wanted !== undefined
      ? isDeepStrictEqual(seen, wanted)
      : reply.body.replace(/\r?\n$/, '') === body.replace(/\r?\n$/, '');
  return isSame
    ? { ok: true, detail: excerpt(reply.body) }
    : { ok: false, detail: `${excerpt(reply.body)}, expected ${excerpt(body)}` };
}

/** Whether the page has the expected title. */
export function judgeTitle({ reply, expected: { title = '' } }: RequestSeen): Seen {
  if (!reply || !isAnswer(reply)) return { ok: 'skipped', detail: 'there was no answer' };
  const found = /<title[^>]*>([^<]*)<\/title>/i.exec(reply.body)?.[1]?.trim();
  if (found === title) return { ok: true, detail: found };
  return {
    ok: false,
    detail: `${found === undefined ? 'the page has no title' : excerpt(found)}, expected ${excerpt(title)}`,
  };
}

const EXCERPT = 160;

function excerpt(text: string): string {
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text.trimEnd() || 'nothing';
}
