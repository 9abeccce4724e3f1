import { redactDocument } from '../../../src/operations/bugreport/redact-document.ts';
import { Redactor } from '../../../src/operations/bugreport/redact.ts';
import { PLANTED } from './secrets.ts';

test.each(PLANTED.map((planted) => [planted.kind, planted] as const))(
  'nothing is left in a text: %s',
  (_, { text, never }) => {
    const redactor = new Redactor();
    const clean = redactor.text(text);
    expect(never.length).toBeGreaterThan(0);
    expect(never.filter((secret) => clean.includes(secret))).toEqual([]);
    expect(Object.keys(redactor.counts).length).toBeGreaterThan(0);
    expect(redactor.text(clean)).toBe(clean);
  },
);

test.each(PLANTED.map((planted) => [planted.kind, planted] as const))(
  'nothing is left in a document: %s',
  (_, { text, never }) => {
    const clean = JSON.stringify(redactDocument({ configs: [{ log: text }] }, new Redactor()));
    const escaped = never.map((secret) => JSON.stringify(secret).slice(1, -1));
    expect(escaped.filter((secret) => clean.includes(secret))).toEqual([]);
  },
);

test('what a reader needs stays', () => {
  const text = [
    '2026-11-30T12:00:00.000000Z\tinfo\tcache\tgenerated new workload certificate\tlatency=8ms ttl=23h59m59s',
    '[2026-11-30T12:00:00.000Z] "GET /api HTTP/1.1" 503 UF,URX upstream_reset "10.150.0.62:8080" outbound|8080||web.vm.svc.cluster.local',
    'warn\tsds failed: token file /run/secrets/tokens/istio-token: permission denied',
    'JWT_POLICY=third-party-jwt',
    'automountServiceAccountToken: false',
    'secretName: istio-ca-secret',
    'token_path: /run/secrets/tokens/istio-token',
    '-A ISTIO_OUTPUT -m owner --uid-owner 998 -j RETURN',
    '-----BEGIN CERTIFICATE-----',
    'MIIC4TCCAcmgAwIBAgIQAd38zlqbYHwkDZgG9VQT1TANBgkqhkiG9w0BAQsFADAY',
    '-----END CERTIFICATE-----',
    'spiffe://cluster.local/ns/vm/sa/db',
    'https://10.0.0.1:6443/apis?timeout=32s',
    'ssh: user@host.example:22',
    'basic authentication is off; a bearer token is needed',
  ].join('\n');
  const redactor = new Redactor();
  expect(redactor.text(text)).toBe(text);
  expect(redactor.counts).toEqual({});
});

test("Envoy's keys, headers and the environment of containers are removed by where they are", () => {
  const redactor = new Redactor();
  const dump = {
    tls_certificate: { certificate_chain: { inline_bytes: 'cHVibGlj' }, private_key: { inline_bytes: 'c2hvcnQ=' } },
    session_ticket_keys: { keys: [{ inline_string: 'ticket' }] },
    request_headers_to_add: [{ header: { key: 'authorization', value: 'opaque' } }],
    match: { headers: [{ name: 'x-api-key', string_match: { exact: 'shown' } }] },
    spec: {
      containers: [
        {
          name: 'app',
          env: [
            { name: 'GREETING', value: 'hello' },
            { name: 'EMPTY', value: '' },
          ],
        },
      ],
    },
    metadata: {
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"former":"value"}', kept: 'yes' },
    },
    pin: { admin_password: 4711, port: 3306 },
  };
  const clean = redactDocument(dump, redactor);
  const text = JSON.stringify(clean);
  for (const secret of ['c2hvcnQ=', 'ticket"', 'opaque', 'hello', 'former', '4711']) expect(text).not.toContain(secret);
  expect(clean).toMatchObject({
    tls_certificate: { certificate_chain: { inline_bytes: 'cHVibGlj' } },
    metadata: { annotations: { kept: 'yes' } },
    pin: { port: 3306 },
  });
});

test('a secret that this run knows is removed wherever it is', () => {
  expect(new Redactor(['the sudo one']).text('asked: the sudo one!')).toBe('asked: [removed: secret of this run]!');
});

test('a long text is read in a time that grows with its length only', () => {
  const line = `${'a'.repeat(2000)} ${'token_'.repeat(200)} ${'x=y&'.repeat(200)} https://${'u'.repeat(1000)}\n`;
  const text = line.repeat(400);
  const began = performance.now();
  new Redactor().text(text);
  expect(performance.now() - began).toBeLessThan(10_000);
});
