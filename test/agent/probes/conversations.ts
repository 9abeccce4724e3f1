import type { ProbeResult } from '../../../src/agent/probes/probe.ts';
import { big, bytes, little } from './bytes.ts';

/** What a server sends, and what the probe makes of it. */
export interface Conversation {
  readonly title: string;
  /** The options of the method beside the port. */
  readonly method: readonly [kind: string, options: Readonly<Record<string, unknown>>];
  readonly greeting: Uint8Array | string;
  /** One for each chunk of the probe. */
  readonly answers: readonly (Uint8Array | string)[];
  readonly result: ProbeResult;
}

const ok = (reason: string, details?: ProbeResult['details']): ProbeResult => ({
  outcome: 'ok',
  reason,
  ...(details ? { details } : {}),
});
const failed = (reason: string): ProbeResult => ({ outcome: 'failed', reason });

/** A packet of MySQL. */
export const packet = (sequence: number, ...parts: readonly (Uint8Array | string | number)[]): Buffer => {
  const payload = bytes(...parts);
  return bytes(little(payload.length, 3), sequence, payload);
};

/** Protocol::HandshakeV10 of MySQL 8.0 with 20 random bytes, of which the first 8 come before the rest. */
export const mysqlGreeting = (nonce: Uint8Array, plugin: string, version = '8.0.42'): Buffer =>
  packet(
    0,
    ...[
      10,
      `${version}\0`,
      little(7, 4),
      nonce.subarray(0, 8),
      0,
      little(0xffff, 2),
      255,
      little(2, 2),
      little(0xdfff, 2),
    ],
    ...[21, Buffer.alloc(10), nonce.subarray(8), 0, `${plugin}\0`],
  );
const NONCE = Buffer.from('0123456789abcdefghij');

const lengthEncoded = (text: string) => bytes(text.length, text);
const column = (name: string) => bytes(...['def', '', '', '', name, name].map(lengthEncoded), 12, Buffer.alloc(12));
export const resultSet = (name: string, ...values: readonly string[]): Buffer =>
  Buffer.concat([
    ...[packet(1, 1), packet(2, column(name)), packet(3, 0xfe, Buffer.alloc(4))],
    ...values.map((value, index) => packet(4 + index, lengthEncoded(value))),
    packet(4 + values.length, 0xfe, Buffer.alloc(4)),
  ]);

/** A message of PostgreSQL. */
const message = (type: string, ...parts: readonly (Uint8Array | string | number)[]): Buffer => {
  const body = bytes(...parts);
  return bytes(type, big(body.length + 4, 4), body);
};
const errorResponse = (code: string, text: string) => message('E', 'SFATAL\0', `C${code}\0`, `M${text}\0`, 0);
const row = (...values: readonly string[]) =>
  message('D', big(values.length, 2), ...values.map((value) => bytes(big(value.length, 4), value)));
const ready = message('Z', 'I');
const parameter = message('S', 'server_version\x0015.4\0');

const bson = (...elements: readonly Uint8Array[]) => {
  const all = Buffer.concat(elements);
  return bytes(little(all.length + 5, 4), all, 0);
};
const flag = (name: string, value: boolean) => bytes(8, `${name}\0`, value ? 1 : 0);
const number = (name: string, value: number) => bytes(0x10, `${name}\0`, little(value, 4));
const text = (name: string, value: string) => bytes(2, `${name}\0`, little(value.length + 1, 4), `${value}\0`);
const one = bytes(1, 'ok\0', Buffer.from([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]));
const opMsg = (...elements: readonly Uint8Array[]) => {
  const body = bson(...elements);
  return bytes(little(21 + body.length, 4), little(9, 4), little(1, 4), little(2013, 4), little(0, 4), 0, body);
};
const skipped = [bytes(3, 'topologyVersion\0', bson(number('counter', 6))), bytes(9, 'localTime\0', Buffer.alloc(8))];

const frame = (type: number, flags: number, stream: number, payload: Uint8Array) =>
  bytes(big(payload.length, 3), type, flags, big(stream, 4), payload);
const settings = frame(4, 0, 0, Buffer.alloc(0));
/** HPACK: `:status: 200` is entry 8 of the static table; a name of its own is a literal. */
const status200 = bytes(0x88);
const literal = (name: string, value: string) => bytes(0, lengthEncoded(name), lengthEncoded(value));
const grpcAnswer = (serving: number, status = '0') =>
  bytes(
    ...[settings, frame(1, 4, 1, bytes(status200, literal('content-type', 'application/grpc')))],
    ...[frame(0, 0, 1, bytes(0, big(2, 4), 8, serving)), frame(1, 5, 1, literal('grpc-status', status))],
  );

const ldapResult = (id: number, operation: number, code: number) =>
  bytes(0x30, 12, 2, 1, id, operation, 7, 0x0a, 1, code, 4, 0, 4, 0);
const ldapEntry = bytes(0x30, 9, 2, 1, 2, 0x64, 4, 4, 0, 0x30, 0);

const property = (name: string, type: string, value: Uint8Array | string) =>
  bytes(name.length, name, type, big(value.length, 4), value);
const connectionStart = (() => {
  const capabilities = property('capabilities', 'F', bytes(3, 'abc', 't', 1));
  const table = bytes(capabilities, property('product', 'S', 'RabbitMQ'), property('version', 'S', '3.10.8'));
  const payload = bytes(big(0x000a000a, 4), 0, 9, big(table.length, 4), table, big(5, 4), 'PLAIN', big(5, 4), 'en_US');
  return bytes(1, big(0, 2), big(payload.length, 4), payload, 0xce);
})();

const apiVersions = (error: number, ...keys: readonly number[]) => {
  const body = bytes(
    big(0x6d736878, 4),
    big(error, 2),
    big(keys.length, 4),
    ...keys.map((key) => bytes(big(key, 2), big(0, 2), big(3, 2))),
  );
  return bytes(big(body.length, 4), body);
};

const httpAnswer = (status: string, body: string) =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nContent-Type: text/plain\r\n\r\n${body}`;

/** Byte for byte as the specifications say; those of real servers are in test/e2e/probes.test.ts. */
export const CONVERSATIONS: readonly Conversation[] = [
  {
    title: 'MySQL greets',
    method: ['mysql', {}],
    greeting: mysqlGreeting(NONCE, 'caching_sha2_password'),
    answers: [],
    result: ok('greets, version 8.0.42', { version: '8.0.42' }),
  },
  {
    title: 'MariaDB greets',
    method: ['mysql', {}],
    greeting: mysqlGreeting(NONCE, 'mysql_native_password', '5.5.5-10.11.6-MariaDB'),
    answers: [],
    result: ok('greets, version 10.11.6-MariaDB', { version: '10.11.6-MariaDB' }),
  },
  {
    title: 'MySQL is full',
    method: ['mysql', {}],
    greeting: packet(0, 0xff, little(1040, 2), 'Too many connections'),
    answers: [],
    result: failed('error 1040: Too many connections'),
  },
  {
    title: 'MariaDB blocks the host',
    method: ['mysql', {}],
    greeting: packet(0, 0xff, little(1129, 2), '#HY000Host is blocked'),
    answers: [],
    result: failed('error 1129: Host is blocked'),
  },
  {
    title: 'MySQL lets in by fast authentication and is read-only',
    method: ['mysql', { user: 'probe', credential: 'secret' }],
    greeting: mysqlGreeting(NONCE, 'caching_sha2_password'),
    answers: [bytes(packet(2, 1, 3), packet(3, 0, 0, 0, 2, 0, 0, 0)), resultSet('read_only', '1')],
    result: { outcome: 'degraded', reason: 'read-only', details: { role: 'read-only', version: '8.0.42' } },
  },
  {
    title: 'a server names its read-only mode',
    method: ['mysql', { user: 'probe', readOnly: 'failed' }],
    greeting: mysqlGreeting(NONCE, 'mysql_native_password', '10.11.6-MariaDB'),
    answers: [packet(2, 0, 0, 0, 2, 0, 0, 0), resultSet('read_only', 'ON')],
    result: { outcome: 'failed', reason: 'read-only', details: { role: 'read-only', version: '10.11.6-MariaDB' } },
  },
  {
    title: 'MySQL asks for another plugin, then lets in',
    method: ['mysql', { user: 'probe', credential: 'secret', query: 'SELECT 1' }],
    greeting: mysqlGreeting(NONCE, 'caching_sha2_password'),
    answers: [
      packet(2, 0xfe, 'mysql_native_password\0', NONCE, 0),
      packet(4, 0, 0, 0, 2, 0, 0, 0),
      resultSet('read_only', '0'),
      resultSet('1', '1'),
    ],
    result: ok('primary', { role: 'primary', version: '8.0.42' }),
  },
  {
    title: 'MySQL asks for the password itself',
    method: ['mysql', { user: 'probe', credential: 'secret' }],
    greeting: mysqlGreeting(NONCE, 'caching_sha2_password'),
    answers: [packet(2, 1, 4)],
    result: failed('the server asks for the password: set tls with verification, or publicKey'),
  },
  {
    title: 'a server that wants the password in plain text gets none',
    method: ['mysql', { user: 'probe', credential: 'secret' }],
    greeting: mysqlGreeting(NONCE, 'caching_sha2_password'),
    answers: [packet(2, 0xfe, 'mysql_clear_password\0', NONCE, 0)],
    result: failed('the server asks for the authentication plugin mysql_clear_password, which is not supported'),
  },
  {
    title: 'PostgreSQL asks for a login',
    method: ['postgresql', {}],
    greeting: '',
    answers: [message('R', big(10, 4), 'SCRAM-SHA-256\0\0')],
    result: ok('asks for a login'),
  },
  {
    title: 'PostgreSQL starts up',
    method: ['postgresql', {}],
    greeting: '',
    answers: [errorResponse('57P03', 'the database system is starting up')],
    result: failed('error 57P03: the database system is starting up'),
  },
  {
    title: 'PostgreSQL is full',
    method: ['postgresql', {}],
    greeting: '',
    answers: [errorResponse('53300', 'sorry, too many clients already')],
    result: failed('error 53300: sorry, too many clients already'),
  },
  {
    title: 'PostgreSQL does not let this user in',
    method: ['postgresql', {}],
    greeting: '',
    answers: [errorResponse('28000', 'no pg_hba.conf entry')],
    result: ok('answers with error 28000: no pg_hba.conf entry'),
  },
  {
    title: 'PostgreSQL lets in without a password and is a standby that lags',
    method: ['postgresql', { user: 'probe', maxLag: '10s' }],
    greeting: '',
    answers: [
      bytes(message('R', big(0, 4)), parameter, ready),
      bytes(message('T', big(0, 2)), row('t', 't', '42'), ready),
    ],
    result: {
      outcome: 'degraded',
      reason: 'replica, 42 s behind',
      details: { role: 'replica', version: '15.4', lagSeconds: 42 },
    },
  },
  {
    title: 'Redis is a master',
    method: ['redis', {}],
    greeting: '',
    answers: ['+PONG\r\n$28\r\n# Replication\r\nrole:master\r\n\r\n'],
    result: ok('primary', { role: 'primary' }),
  },
  {
    title: 'Redis loads its data',
    method: ['redis', {}],
    greeting: '',
    answers: ['-LOADING Redis is loading the dataset in memory\r\n$0\r\n\r\n'],
    result: failed('PING: LOADING'),
  },
  {
    title: 'Redis is in protected mode',
    method: ['redis', {}],
    greeting: '',
    answers: ['-DENIED Redis is running in protected mode\r\n'],
    result: failed('PING: DENIED'),
  },
  {
    title: 'MongoDB is a primary',
    method: ['mongodb', {}],
    greeting: '',
    answers: [
      opMsg(...skipped, flag('isWritablePrimary', true), text('setName', 'rs0'), number('maxWireVersion', 21), one),
    ],
    result: ok('primary', { role: 'primary', version: 'wire 21' }),
  },
  {
    title: 'MongoDB is a secondary',
    method: ['mongodb', {}],
    greeting: '',
    answers: [opMsg(flag('isWritablePrimary', false), flag('secondary', true), number('maxWireVersion', 21), one)],
    result: { outcome: 'degraded', reason: 'replica', details: { role: 'replica', version: 'wire 21' } },
  },
  {
    title: 'MongoDB starts up',
    method: ['mongodb', {}],
    greeting: '',
    answers: [opMsg(flag('isWritablePrimary', false), flag('secondary', false), text('setName', 'rs0'), one)],
    result: failed('neither primary nor secondary of rs0'),
  },
  {
    title: 'AMQP starts a connection',
    method: ['amqp', {}],
    greeting: '',
    answers: [connectionStart],
    result: ok('starts a connection, RabbitMQ 3.10.8', { version: '3.10.8' }),
  },
  {
    title: 'AMQP 1.0 is refused',
    method: ['amqp', {}],
    greeting: '',
    answers: [bytes('AMQP', 0, 1, 0, 0)],
    result: failed('the server does not speak AMQP 0-9-1'),
  },
  {
    title: 'Kafka answers ApiVersions',
    method: ['kafka', {}],
    greeting: '',
    answers: [apiVersions(0, 0, 1, 18)],
    result: ok('answers with 3 APIs', { apis: 3 }),
  },
  {
    title: 'Kafka answers with an error',
    method: ['kafka', {}],
    greeting: '',
    answers: [apiVersions(35)],
    result: failed('ApiVersions: error 35'),
  },
  {
    title: 'etcd is healthy',
    method: ['etcd', {}],
    greeting: '',
    answers: [httpAnswer('200 OK', '{"health":"true","reason":""}')],
    result: ok('healthy'),
  },
  {
    title: 'etcd has no leader',
    method: ['etcd', {}],
    greeting: '',
    answers: [httpAnswer('503 Service Unavailable', '{"health":"false","reason":"RAFT NO LEADER"}')],
    result: failed('unhealthy: RAFT NO LEADER'),
  },
  {
    title: 'HTTP answers',
    method: ['http', { status: '200-299', text: 'ready' }],
    greeting: '',
    answers: [httpAnswer('200 OK', 'all ready')],
    result: ok('status 200', { status: 200 }),
  },
  {
    title: 'HTTP/2 answers',
    method: ['http2', { text: 'ready' }],
    greeting: '',
    answers: [bytes(settings, frame(1, 4, 1, status200), frame(0, 1, 1, bytes('all ready')))],
    result: ok('status 200', { status: 200 }),
  },
  {
    title: 'gRPC serves',
    method: ['grpc', { service: 'db' }],
    greeting: '',
    answers: [grpcAnswer(1)],
    result: ok('SERVING'),
  },
  {
    title: 'gRPC does not serve',
    method: ['grpc', {}],
    greeting: '',
    answers: [grpcAnswer(2)],
    result: failed('NOT_SERVING'),
  },
  {
    title: 'SMTP greets',
    method: ['smtp', {}],
    greeting: '220-mail.example.test\r\n220 ESMTP\r\n',
    answers: ['250-mail.example.test\r\n250 SIZE 1000\r\n', '221 Bye\r\n'],
    result: ok('greets: mail.example.test'),
  },
  {
    title: 'SMTP is busy',
    method: ['smtp', {}],
    greeting: '421 too many \u001b[31mconnections\r\n',
    answers: [],
    result: failed('greets with 421 too many ?[31mconnections'),
  },
  {
    title: 'LDAP answers a search',
    method: ['ldap', {}],
    greeting: '',
    answers: [bytes(ldapEntry, ldapResult(2, 0x65, 0))],
    result: ok('answers a search of the root DSE'),
  },
  {
    title: 'LDAP refuses a bind',
    method: ['ldap', { dn: 'cn=probe', credential: 'secret' }],
    greeting: '',
    answers: [ldapResult(1, 0x61, 49)],
    result: failed('bind refused: invalidCredentials'),
  },
  {
    title: 'LDAP is busy',
    method: ['ldap', {}],
    greeting: '',
    answers: [ldapResult(2, 0x65, 51)],
    result: failed('search refused: busy'),
  },
];
