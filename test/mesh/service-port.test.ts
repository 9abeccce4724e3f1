import fc from 'fast-check';
import { portMeaning, sidecarProtocol } from '../../src/mesh/protocol.ts';
import {
  formatServicePort,
  parsePort,
  parseServicePort,
  parseServicePorts,
  portNumbers,
} from '../../src/mesh/service-port.ts';
import { hostileText, outcome, problemOf, RUNS } from './support.ts';

test.each([
  ['80', 'http', 80],
  ['8080', 'http', 8080],
  ['443', 'https', 443],
  ['3306', 'mysql', 3306],
  ['1234', '1234', 1234],
  ['http:7000', 'http', 7000],
  ['tcp-mysql=3306', 'tcp-mysql', 3306],
  ['mysql:3307', 'mysql', 3307],
])('%s is the port %s:%i', (text, name, number) => {
  expect(parseServicePort(text)).toEqual({ number, name });
});

test.each([
  '',
  '0',
  '70000',
  '65536',
  '-1',
  '03306',
  '3306 ',
  '0x50',
  '1e3',
  'foo:bar',
  'http;8080',
  ':80',
  '=80',
  'http:',
  'HTTP:80',
  'a_b:80',
  'a:b:80',
  `${'n'.repeat(64)}:80`,
])('%j is no service port', (text) => expect(problemOf(() => parseServicePort(text)).id).toBe('bad-port'));

test.each(['53/udp', 'udp:53', 'udp-dns:53', 'UDP=53', '53/UDP'])(
  '%s is refused because nothing captures UDP',
  (text) => {
    expect(problemOf(() => parseServicePort(text)).message).toContain('nothing captures UDP');
  },
);

test('all bad ports of a service are named at once', () => {
  expect(problemOf(() => parseServicePorts(['0', '3306', 'x:y'])).issues).toHaveLength(2);
});

test('two ports of one service never have the same name or number', () => {
  expect(problemOf(() => parseServicePorts(['80', '8080'])).id).toBe('port-twice');
  expect(problemOf(() => parseServicePorts(['http:80', 'web:80'])).message).toContain('web:80 and http:80');
  expect(parseServicePorts(['80', 'http-admin:8080'])).toHaveLength(2);
});

test('ports of all services are sorted by value, each once', () => {
  const services = [
    ['27017', '3306'],
    ['8080', '3306'],
  ].map((ports) => ({ ports: parseServicePorts(ports) }));
  expect(portNumbers(services)).toEqual([3306, 8080, 27017]);
});

test('every text is a port that reads back, or a Problem', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer().map(String), hostileText('3306', 'http:8080', 'tcp-mysql=3306', 'udp:53')),
      (text) => {
        const result = outcome(() => parseServicePort(text));
        if ('problem' in result) return expect(result.problem.id).toBe('bad-port');
        expect(parsePort(String(result.value.number))).toBe(result.value.number);
        return expect(parseServicePort(formatServicePort(result.value))).toEqual(result.value);
      },
    ),
    RUNS,
  );
});

test.each([
  ['http', 'HTTP', true],
  ['http-web', 'HTTP', true],
  ['http2', 'HTTP2', true],
  ['grpc', 'GRPC', true],
  ['grpc-web', 'GRPC-WEB', true],
  ['https', 'HTTPS', true],
  ['tls', 'TLS', true],
  ['mongo', 'MONGO', true],
  ['redis-cache', 'REDIS', true],
  ['tcp', 'plain TCP', true],
  ['mysql', 'plain TCP', true],
  ['1234', 'plain TCP', false],
  ['httpd', 'plain TCP', false],
  ['postgres', 'plain TCP', false],
])('a port named %s means %s', (name, words, declared) => {
  expect(portMeaning({ name, number: 1234 })).toMatchObject({ words, declared });
});

test('MySQL, mail and FTP servers speak first, HTTP and MongoDB servers do not', () => {
  const serverFirst = (name: string, number: number) => portMeaning({ name, number }).serverFirst;
  expect([
    serverFirst('mysql', 3306),
    serverFirst('tcp', 3306),
    serverFirst('tcp-mysql', 9000),
    serverFirst('smtp', 25),
  ]).toEqual([true, true, true, true]);
  expect([
    serverFirst('http', 3306),
    serverFirst('mongo', 27017),
    serverFirst('5432', 5432),
    serverFirst('tls', 3306),
  ]).toEqual([false, false, false, false]);
});

test('a Sidecar resource only gets protocols of its API', () => {
  expect(['mysql', 'redis', 'http', 'grpc-web'].map((name) => sidecarProtocol({ name, number: 1 }))).toEqual([
    'TCP',
    'TCP',
    'HTTP',
    'GRPC-WEB',
  ]);
});
