import type { Meeting } from '../../src/mesh/mutual-tls.ts';
import type { DialAnswer } from '../../src/vm/reachability/dial.ts';
import { judgeCertFile, judgeEnvoyCerts } from '../../src/checks/join/certificate.ts';
import { type Expected, judgeConnection, judgeMtls, judgeOutside } from '../../src/checks/join/connection.ts';
import { type Endpoint, judgeOwn, ownTitle } from '../../src/checks/join/own-endpoint.ts';
import { parseConnection } from '../../src/vm/questions/connection.ts';
import { parseOwnEndpoint } from '../../src/vm/questions/own-endpoint.ts';
import {
  judgeActive,
  judgeAnswers,
  judgeCapture,
  judgeReady,
  judgeResolves,
  judgeSynced,
} from '../../src/checks/join/control-plane.ts';
import { connectScript } from '../../src/vm/questions/script.ts';

const NOW = new Date('2026-01-02T12:00:00Z');
const IDENTITY = 'spiffe://cluster.local/ns/vm/sa/mysqldb';

const envoyCerts = (uri: string, from: string, until: string): string =>
  JSON.stringify({
    certificates: [
      { ca_cert: [], cert_chain: [] },
      {
        cert_chain: [
          { subject_alt_names: [{ uri }], valid_from: from, expiration_time: until, days_until_expiration: '1' },
        ],
      },
    ],
  });

describe('istiod', () => {
  test.each([
    ['10.150.0.10 ', true],
    ['10.150.0.9 ', false],
    ['', false],
  ])('its name resolves to the address of the gateway: %j', (answer, ok) => {
    expect(judgeResolves(answer, 'istiod.istio-system.svc', ['10.150.0.10']).ok).toBe(ok);
  });

  test.each([
    ['tls 10.150.0.1:15012\nconnected\n', true, 'the agent is connected'],
    ['tcp 10.150.0.1:15012\n', true, 'accepts connections'],
    [
      'no tls 10.150.0.1:15012\nverify error:num=19:self-signed certificate in certificate chain\n',
      false,
      'verify error:num=19',
    ],
    ['no address\n', false, 'does not resolve'],
  ])('answers with a certificate of the mesh: %j', (answer, ok, words) => {
    const verdict = judgeAnswers(answer, 'istiod.istio-system.svc');
    expect(verdict).toMatchObject({ ok, detail: expect.stringContaining(words) });
  });
});

describe('the certificate', () => {
  const day = envoyCerts(IDENTITY, '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z');
  test.each<readonly [string, string, boolean, string]>([
    ['is right', day, true, 'until 2026-01-03T00:00:00.000Z'],
    [
      'is of another account',
      envoyCerts('spiffe://cluster.local/ns/vm/sa/x', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'),
      false,
      `not for ${IDENTITY}`,
    ],
    ['is over', envoyCerts(IDENTITY, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'), false, 'expired'],
    [
      'is not valid yet',
      envoyCerts(IDENTITY, '2026-01-02T13:00:00Z', '2026-01-03T00:00:00Z'),
      false,
      'valid only from',
    ],
    ['is not there', '{"certificates":[]}', false, 'no certificate yet'],
    ['cannot be read', 'Failed to execute command', false, 'no certificate yet'],
  ])('%s', (_name, answer, ok, words) => {
    expect(judgeEnvoyCerts(answer, IDENTITY, NOW)).toMatchObject({ ok, detail: expect.stringContaining(words) });
  });

  test('one whose renewal is due says so', () => {
    const later = new Date('2026-01-02T18:00:00Z');
    expect(judgeEnvoyCerts(day, IDENTITY, later).detail).toContain('renewal was due at 2026-01-02T12:00:00.000Z');
  });

  test('of a classic VM is read from its file', () => {
    const answer = `notAfter=Jan  2 13:00:00 2026 GMT\nnotBefore=Jan  2 11:30:00 2026 GMT\nX509v3 Subject Alternative Name: critical\n    URI:${IDENTITY}\n`;
    expect(judgeCertFile(answer, IDENTITY, NOW)).toMatchObject({ ok: true });
    expect(judgeCertFile(answer, IDENTITY, new Date('2026-01-02T14:00:00Z'))).toMatchObject({
      ok: false,
      detail: expect.stringContaining('expired'),
    });
    expect(judgeCertFile('', IDENTITY, NOW)).toMatchObject({ ok: false });
  });
});

describe('the sidecar', () => {
  test('is ready, or says what its log says', () => {
    expect(judgeReady('ready\n').ok).toBe(true);
    expect(judgeReady('ActiveState=active\nSubState=running\nNRestarts=4\nerror\tfailed to connect\n')).toMatchObject({
      ok: false,
      detail: 'ActiveState=active; SubState=running; NRestarts=4; error\tfailed to connect',
    });
  });

  test.each([
    [
      'cluster_manager.cds.update_success: 2\nlistener_manager.lds.update_success: 2\nlistener_manager.lds.update_rejected: 0\n',
      true,
    ],
    [
      'cluster_manager.cds.update_success: 2\nlistener_manager.lds.update_success: 1\nlistener_manager.lds.update_rejected: 3\n',
      false,
    ],
    ['cluster_manager.cds.update_success: 0\nlistener_manager.lds.update_success: 0\n', false],
    ['', false],
  ])('has the configuration of istiod: %j', (answer, ok) => {
    expect(judgeSynced(answer).ok).toBe(ok);
  });

  test('the units of a classic VM run', () => {
    expect(judgeActive('istio-auth-node-agent.service active\nistio.service active\n').ok).toBe(true);
    expect(judgeActive('istio-auth-node-agent.service failed\nistio.service active\n')).toMatchObject({
      ok: false,
      detail: 'istio-auth-node-agent.service failed',
    });
    expect(judgeActive('').ok).toBe(false);
  });

  test('capture is on, and connections that are older are counted', () => {
    expect(judgeCapture('rules.iptables-nft=23\ncapture=on\nolder=3\n')).toMatchObject({
      ok: true,
      detail: expect.stringContaining('3 connections are older'),
    });
    expect(judgeCapture('rules.iptables-nft=0\ncapture=off\nolder=0\n').ok).toBe(false);
    expect(judgeCapture('').ok).toBe(false);
  });
});

const CURRENT_LINE =
  '[2026-01-02T06:31:38.011Z] "- - -" 0 - - - "-" 0 72 4 - "-" "-" "-" "-" "10.150.0.5:3306" inbound|3306|| 127.0.0.6:42549 10.150.0.5:3306 10.150.0.30:36630 outbound_.3306_._.mysqldb.vm.svc.cluster.local -';

function connection(areas: Readonly<Record<string, string | readonly []>>) {
  const lines = Object.entries({ address: '10.63.240.9', code: '0', endpoint: '10.150.0.5:3306', ...areas });
  return parseConnection(
    lines
      .flatMap(([area, text]) =>
        [text]
          .flat()
          .flatMap((each) => each.split('\n'))
          .map((line) => `${area}|${line}\n`),
      )
      .join(''),
  );
}

describe('a connection through the mesh', () => {
  const http: Expected = {
    target: 'productpage.default.svc.cluster.local:9080',
    http: true,
    serverFirst: false,
    counted: true,
  };
  const mysql: Expected = {
    target: 'mysqldb.vm.svc.cluster.local:3306',
    http: false,
    serverFirst: true,
    counted: true,
  };
  const ok = 'HTTP/1.1 200 OK\nserver: envoy\nx-envoy-upstream-service-time: 17\n';

  test('shows status and headers of the answer', () => {
    expect(judgeConnection(connection({ http: ok }), http)).toEqual({
      ok: true,
      detail:
        'productpage.default.svc.cluster.local:9080 (10.63.240.9) answers HTTP/1.1 200 OK with server: envoy, x-envoy-upstream-service-time: 17',
    });
  });

  test.each<readonly [string, Readonly<Record<string, string | readonly []>>, Expected, string]>([
    ['only the far proxy answered', { http: 'HTTP/1.1 200 OK\nserver: istio-envoy' }, http, 'istio-envoy'],
    ['the answer is an error', { http: 'HTTP/1.1 503 Service Unavailable\nserver: envoy' }, http, '503'],
    ['nothing answered', { http: 'curl: (7) Failed to connect' }, http, 'curl: (7)'],
    ['the sidecar counted nothing', { http: ok, endpoint: [] }, http, 'counted no connection'],
    ['a server that speaks first is silent', { bytes: '0', code: '124' }, mysql, 'open but silent'],
    ['it is cut off', { bytes: '0', code: '0' }, mysql, 'closes without a byte'],
    ['nothing accepts it', { bytes: '0', code: '3' }, mysql, 'accepts no connection'],
  ])('fails when %s', (_name, areas, expected, words) => {
    expect(judgeConnection(connection(areas), expected)).toMatchObject({
      ok: false,
      detail: expect.stringContaining(words),
    });
  });

  test('works for a server that speaks first, and for one that waits', () => {
    expect(judgeConnection(connection({ bytes: '64', text: 'J 5.5.5-10.11' }), mysql).ok).toBe(true);
    expect(judgeConnection(connection({ bytes: '0', code: '124' }), { ...mysql, serverFirst: false }).ok).toBe(true);
  });

  test('a missing grant of MySQL is distinguished from an unreachable server', () => {
    const { ok: works, detail } = judgeConnection(
      connection({ bytes: '64', text: "jHost '127.0.0.6' is not allowed to connect" }),
      mysql,
    );
    expect(works).toBe(true);
    expect(detail).toContain("users for it or for '%'");
  });
});

test('the traffic of the checks comes from an ordinary user, whose packets every version captures', () => {
  const { text } = connectScript([], { seconds: 5, most: 10 });
  const calls = text
    .split('\n')
    .filter((line) => /\bcurl -|\/dev\/tcp\/|getent ahosts/.test(line) && !line.includes('127.0.0.1:15000'));
  expect(calls).toHaveLength(4);
  for (const line of calls) expect(line).toMatch(/runuser -u nobody -- (curl|timeout|bash|getent)/);
});

describe('mutual TLS', () => {
  test('is seen by the identity of the client in the access log of the VM', () => {
    const line = `${CURRENT_LINE} "spiffe://cluster.local/ns/vm/sa/client"`;
    expect(judgeMtls([line], 3306)).toMatchObject({
      ok: true,
      detail: expect.stringContaining('spiffe://cluster.local/ns/vm/sa/client'),
    });
  });

  test('is not claimed where no one saw it', () => {
    expect(judgeMtls([CURRENT_LINE], 3306)).toMatchObject({
      ok: 'skipped',
      hint: expect.stringContaining('%DOWNSTREAM_PEER_URI_SAN%'),
    });
    expect(judgeMtls([], 3306)).toMatchObject({ ok: 'skipped', detail: expect.stringContaining('no request') });
    expect(judgeMtls([`${CURRENT_LINE} "spiffe://x/ns/a/sa/b"`], 8080).ok).toBe('skipped');
  });
});

describe('a client outside the mesh', () => {
  const table: readonly (readonly [Meeting, DialAnswer, boolean, boolean | 'skipped'])[] = [
    ['refused', 'closed', true, true],
    ['refused', 'refused', false, true],
    ['refused', 'open-silent', true, true],
    ['refused', 'open-silent', false, 'skipped'],
    ['refused', 'open-with-bytes', true, false],
    ['hangs', 'open-silent', true, true],
    ['hangs', 'open-with-bytes', true, false],
    ['plaintext', 'open-with-bytes', true, true],
    ['plaintext', 'open-silent', false, true],
    ['plaintext', 'open-silent', true, false],
    ['plaintext', 'timeout', false, false],
    ['mutual-tls', 'closed', false, 'skipped'],
  ];
  test.each(table)('policies say %s, it meets %s, server first %s: %s', (expected, answer, serverFirst, ok) => {
    expect(judgeOutside(answer, expected, serverFirst).ok).toBe(ok);
  });

  test.each<[DialAnswer, DialAnswer, boolean, string]>([
    ['closed', 'open-silent', true, 'a client that waited for the greeting hung'],
    ['closed', 'closed', true, 'a client that waited for the greeting was cut off'],
    ['closed', 'open-with-bytes', false, 'it was served in plaintext'],
    ['open-with-bytes', 'open-silent', false, 'it was served in plaintext'],
    ['refused', 'refused', true, 'its connection was refused'],
  ])('where plaintext is refused: one that sends is %s, one that waits is %s', (sent, waiting, ok, detail) => {
    expect(judgeOutside(sent, 'refused', true, waiting)).toMatchObject({
      ok,
      detail: expect.stringContaining(detail),
    });
  });
});

describe('the endpoint of the VM itself', () => {
  const endpoint: Endpoint = { address: '10.0.0.5', port: 3306, http: false, serverFirst: true, how: 'tls' };
  const own = (text: string) => parseOwnEndpoint(text.replaceAll(' / ', '\n'));
  const GREETS = 'listed|yes / code|0 / bytes|64 / tls|CONNECTION ESTABLISHED / text|J 5.5.5';
  const others = connection({ bytes: '64', endpoint: '10.0.0.6:3306' });

  test.each<readonly [string, string, string]>([
    [
      'is silent behind an open port',
      'listed|yes / code|124 / bytes|0 / tls|CONNECTION ESTABLISHED',
      'open but silent',
    ],
    ['closes the connection', 'listed|yes / code|0 / bytes|0 / tls|CONNECTION ESTABLISHED', 'closes without a byte'],
    [
      'speaks no TLS',
      'listed|yes / code|1 / bytes|0 / tls|errno=104',
      'accepts no mutual TLS at 10.0.0.5:3306: errno=104',
    ],
    ['is not among the endpoints', GREETS.replace('yes', 'no'), 'do not have the endpoint 10.0.0.5:3306'],
    ['answers, and Envoy does not say whether clients have it', GREETS.replace('listed|yes', ''), 'does not say'],
    [
      'refuses the certificate after the handshake',
      GREETS.replace('text|J', 'tls|alert unknown ca / text|').replace('bytes|64', 'bytes|0'),
      'accepts no mutual TLS at 10.0.0.5:3306: alert unknown ca',
    ],
  ])('fails if it %s, whatever another endpoint of the service answers', (_, text, words) => {
    expect(judgeOwn(own(text), endpoint, others)).toMatchObject({ ok: false, detail: expect.stringContaining(words) });
  });

  test('passes if it answers, also where its own sidecar does not know the service', () => {
    for (const text of [GREETS, GREETS.replace('yes', 'hidden')])
      expect(judgeOwn(own(text), endpoint)).toEqual({
        ok: true,
        detail: '10.0.0.5:3306 (no address) sends 64 bytes, asked at the sidecar of this VM over mutual TLS',
      });
  });

  test.each(['missing|openssl', 'listed|yes / denied|yes / code|0 / bytes|0 / tls|CONNECTION ESTABLISHED'])(
    'is not passed without an answer (%s), unless a connection through the mesh chose this VM alone',
    (text) => {
      expect(judgeOwn(own(text), endpoint, others).ok).toBe('skipped');
      const both = connection({ bytes: '64', endpoint: '10.0.0.6:3306\n10.0.0.5:3306' });
      expect(judgeOwn(own(text), endpoint, both).ok).toBe('skipped');
      expect(judgeOwn(own(text), endpoint, connection({ bytes: '64', endpoint: '10.0.0.5:3306' })).ok).toBe(true);
    },
  );

  test.each<readonly [held: string, ok: boolean, detail: RegExp]>([
    ['taken redis-server', true, /accepts connections and stays silent; redis-server took this one, asked at/],
    ['taken', true, /stays silent; a program took this one, asked at/],
    ['', true, /stays silent; whether a program took this one was not seen, asked at/],
    ['queued', false, /no program accepts the connection to 10\.0\.0\.5:3306: it waits in the kernel's queue/],
  ])('of a service that waits for the client, only its connection is judged: %j', (held, ok, detail) => {
    const silent = own(`listed|yes / code|124 / held|${held} / bytes|0 / tls|CONNECTION ESTABLISHED`);
    const waits: Endpoint = { ...endpoint, serverFirst: false };
    expect(judgeOwn(silent, waits)).toMatchObject({ ok, detail: expect.stringMatching(detail) });
    expect(judgeOwn(silent, waits).detail).not.toContain('answers');
  });

  test('the title claims an answer only where one is awaited', () => {
    const title = (http: boolean, serverFirst: boolean) => ownTitle('db:3306', { http, serverFirst });
    expect([title(true, false), title(false, true)]).toEqual(Array(2).fill('db:3306 answers clients of the mesh'));
    expect(title(false, false)).toBe('db:3306 accepts connections of clients of the mesh');
  });

  test('an HTTP status of the service counts, and the proxy of the VM may be the only one', () => {
    const answer = (status: string) =>
      own(
        `listed|yes / code|0 / bytes|9 / tls|CONNECTION ESTABLISHED / http|HTTP/1.1 ${status} / http|server: istio-envoy`,
      );
    const web: Endpoint = { ...endpoint, http: true, serverFirst: false };
    expect(judgeOwn(answer('200 OK'), web).ok).toBe(true);
    expect(judgeOwn(answer('503 Service Unavailable'), web).ok).toBe(false);
    expect(judgeOwn({ ...answer('403 Forbidden'), denied: true }, web).ok).toBe('skipped');
  });

  test('refusals of other clients meanwhile excuse neither a service that is down nor a certificate that is not accepted', () => {
    const web: Endpoint = { ...endpoint, http: true, serverFirst: false };
    const down = own('listed|yes / denied|yes / tls|CONNECTION ESTABLISHED / http|HTTP/1.1 503 Service Unavailable');
    expect(judgeOwn(down, web).ok).toBe(false);
    expect(judgeOwn(own('listed|yes / denied|yes / tls|alert unknown ca'), endpoint).ok).toBe(false);
  });

  test('shows mutual TLS where the access log shows no client', () => {
    expect(judgeMtls([], 3306, own(GREETS)).ok).toBe(true);
    for (const text of ['missing|openssl', GREETS.replace('text|J', 'tls|alert unknown ca / text|')])
      expect(judgeMtls([], 3306, own(text)).ok).toBe('skipped');
  });
});
