import { probeMethodSchema } from '../../../src/agent/probes/method.ts';

const parse = (value: unknown) => probeMethodSchema(8080).safeParse(value);
const messages = (value: unknown) => parse(value).error?.issues.map(({ message }) => message) ?? [];

test.each([
  [{ tcp: {} }, { kind: 'tcp', port: 8080 }],
  [{ tcp: null }, { kind: 'tcp', port: 8080 }],
  [{ tcp: { port: 22 } }, { kind: 'tcp', port: 22 }],
  [{ http: {} }, { kind: 'http', port: 8080, path: '/', status: '200-399' }],
  [{ http: { status: 204, tls: null } }, expect.objectContaining({ status: '204', tls: { verify: true } })],
  [{ mysql: { user: 'probe', maxLag: '2m' } }, expect.objectContaining({ maxLag: '2m', lagging: 'degraded' })],
  [{ exec: { command: ['/bin/true', 'a b'] } }, { kind: 'exec', command: ['/bin/true', 'a b'] }],
  [{ unit: { name: 'db@1.service' } }, { kind: 'unit', name: 'db@1.service' }],
])('%j is a method', (value, expected) => {
  expect(parse(value).data).toEqual(expected);
});

test.each([[{}], [null], ['tcp'], [{ tcp: {}, tls: {} }], [{ ftp: {} }], [{ tcp: 3 }], [{ tcp: { kind: 'tls' } }]])(
  '%j is not exactly one method',
  (value) => expect(messages(value)).toEqual([expect.stringMatching(/^must have exactly one of tcp, tls, http/)]),
);

test.each([
  [{ tcp: { port: 0 } }],
  [{ tcp: { host: 'elsewhere' } }],
  [{ http: { path: '/a b' } }],
  [{ http: { path: '/\r\nX: y' } }],
  [{ http: { host: 'a\r\nX: y' } }],
  [{ http: { status: '200-' } }],
  [{ mysql: { query: 'SELECT 1' } }],
  [{ mysql: { user: 'a', credential: '../shadow' } }],
  [{ postgresql: { user: 'a\0b' } }],
  [{ postgresql: { user: 'a', maxLag: '10' } }],
  [{ tls: { ca: '/etc/../root/ca.pem' } }],
  [{ unit: { name: '--all' } }],
  [{ unit: { name: 'mariadb' } }],
  [{ exec: { command: [] } }],
  [{ exec: { command: ['true'] } }],
  [{ exec: { command: ['/bin/sh', 'a\0'] } }],
  [{ dns: { name: `${'a'.repeat(64)}.test` } }],
  [{ dns: {} }],
  [{ ldap: { dn: 'cn=probe' } }],
])('%j is refused', (value) => expect(messages(value)).toHaveLength(1));

test.each([
  [{ mysql: { port: 3307, user: 'probe', maxLag: '2m', tls: null } }],
  [{ http: { port: 80, status: 204 } }],
  [{ exec: { command: ['/bin/true'] } }],
])('%j reads back as it was parsed', (value) => {
  const { kind, ...options } = probeMethodSchema(8080).parse(value);
  expect(parse({ [kind]: options }).data).toEqual({ kind, ...options });
});
