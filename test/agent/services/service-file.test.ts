import fc from 'fast-check';
import {
  formatServiceFile,
  parseServiceFile,
  type ServiceDefinition,
} from '../../../src/agent/services/service-file.ts';
import { hostileText, outcome, problemOf } from '../../mesh/support.ts';

const FULL = `# The shop's database.
name: mysqldb
ports: {mysql: 3306, admin: 33062}
labels: {tier: db}
weight: 100
probe:
  mysql: {port: 33062, user: meshx}
  interval: 250ms
  timeout: 2s
  rise: 3
  fall: 5
  address: 10.150.0.5
drain: {limit: 1m, unit: mariadb.service}
`;

test('a file says all about a service', () => {
  expect(parseServiceFile('mysqldb.yaml', FULL)).toMatchObject({
    name: 'mysqldb',
    ports: [
      { name: 'mysql', number: 3306 },
      { name: 'admin', number: 33_062 },
    ],
    labels: { tier: 'db' },
    weight: 100,
    probe: {
      ...{ intervalMs: 250, timeoutMs: 2000, rise: 3, fall: 5, address: '10.150.0.5' },
      method: { kind: 'mysql', port: 33_062, user: 'meshx' },
    },
    drainLimitMs: 60_000,
    drainUnit: 'mariadb.service',
  });
});

test.each([
  'mariadb',
  'mariadb.socket',
  'a b.service',
  'a%i.service',
  'a\\\\x2d.service',
  '-a.service',
  'x\\nExecStart=/bin/false.service',
  'postgresql@.service',
  'istio.service',
  'meshx-agent.service',
  'systemd-journald.service',
])('the unit %j drains nothing', (unit) => {
  const text = `name: a\nports: {x: 1}\ndrain: {unit: "${unit}"}\n`;
  expect(problemOf(() => parseServiceFile('a.yaml', text)).issues[0]).toMatch(/^a\.yaml:3:\d+: drain\.unit: /);
});

test('a name and a port are enough: a connection to the first port each second', () => {
  expect(parseServiceFile('web.yaml', 'name: web\nports: {http: 8080, https: 8443}\n')).toMatchObject({
    labels: {},
    probe: { method: { kind: 'tcp', port: 8080 }, intervalMs: 1000, timeoutMs: 1000, rise: 2, fall: 3 },
    drainLimitMs: 30_000,
  });
});

test('the times of a probe need no method, and a method no options', () => {
  const file = (probe: string) => parseServiceFile('a.yaml', `name: a\nports: {x: 1}\nprobe: ${probe}\n`).probe;
  expect(file('{interval: 5s}')).toMatchObject({ intervalMs: 5000, method: { kind: 'tcp', port: 1 } });
  expect(file('{redis: }')).toMatchObject({ method: { kind: 'redis', port: 1 } });
});

const small = (rest: string, name = 'web') => `name: ${name}\nports: {http: 8080}\n${rest}\n`;

test.each([
  ['mysql', 'mysql'],
  ['mysql-replica', 'mysql'],
  ['mysqlx', 'tcp'],
  ['http', 'tcp'],
])('a port named %s is probed by %s unless the file says otherwise', (port, kind) => {
  const { probe } = parseServiceFile('db.yaml', `name: db\nports: {${port}: 3306}\n`);
  expect(probe.method).toMatchObject({ kind, port: 3306 });
});

test.each([
  ['an unknown field', small('probes: {}'), '3:1: probes: unknown field; did you mean probe?'],
  ['an unknown field far from all others', small('x: {}'), '3:1: x: unknown field; the fields are name, ports, labels'],
  [
    'an unknown time',
    small('probe: {tcp: {}, intervall: 1s}'),
    '3:18: probe.intervall: unknown field; did you mean interval?',
  ],
  ['an unknown option', small('probe: {tcp: {prt: 1}}'), '3:15: probe.tcp.prt: unknown field; did you mean port?'],
  ['an unknown method', small('probe: {mysq: {}}'), '3:9: probe.mysq: unknown field; did you mean mysql?'],
  ['two methods', small('probe: {tcp: {}, redis: {}}'), '3:1: probe: must have exactly one of tcp, tls, http'],
  ['a wrong option', small('probe: {tcp: {port: 0}}'), '3:15: probe.tcp.port: '],
  ['a method of a wrong type', small('probe: {tcp: [1]}'), '3:'],
  ['another name than the file has', small('', 'db'), '1:1: name: the file of this service is db.yaml'],
  ['a name that no Service can have', small('', 'Web'), '1:1: name: not the name of a Kubernetes Service'],
  ['no name', 'ports: {a: 1}', '1:1: name: Invalid input: expected string'],
  ['no port', 'name: web\nports: {}', '2:1: ports: 1 to 16 ports'],
  ['a port beyond the last', 'name: web\nports: {a: 65536}', '2:9: ports.a: a port from 1 to 65535'],
  ['a name of a port', 'name: web\nports: {A: 1}', '2:9: ports.A: a port name has 1 to 63'],
  ['a port of UDP', 'name: web\nports: {udp-x: 1}', '2:9: ports.udp-x: a port name has'],
  ['two names of one port', 'name: web\nports: {a: 1, b: 1}', '2:1: ports: two ports have one number'],
  ['a number as a label', small('labels: {version: 1.0}'), '3:10: labels.version: text; a number'],
  ['a label of meshx', small('labels: {service.meshx.dev/x: ready}'), '3:10: labels.service.meshx.dev/x: meshx sets'],
  ['a weight of nothing', small('weight: 0'), '3:1: weight: Too small'],
  ['a duration without a unit', small('probe: {interval: 1}'), '3:9: probe.interval: numbers with units'],
  ['a short interval', small('probe: {interval: 100ms}'), '3:9: probe.interval: from 200ms to 1h'],
  ['a long drain', small('drain: {limit: 2h}'), '3:9: drain.limit: from 0s to 1h'],
  ['a host name as address', small('probe: {address: localhost}'), '3:9: probe.address: not an IP address'],
  ['the same field twice', small('name: web'), '3:1: the same key as before'],
  ['a second document', small('---\nname: db'), '3:1: a second document begins here'],
  ['a tab', 'name: web\nports:\n\thttp: 8080', '3:'],
  ['a control character', small('# \x1b[2J'), '3:1: it holds control characters'],
  ['a file without content', '', '1:1: Invalid input'],
  ['deep nesting', `name: ${'['.repeat(10_000)}`, '1:1: it is nested too deeply'],
  ['aliases that multiply', bomb(), '5:10: its aliases multiply'],
  ['a large file', `#${'x'.repeat(16 * 1024)}`, '1:1: larger than 16 KiB'],
])('%s is refused with its place', (_what, text, issue) => {
  const problem = problemOf(() => parseServiceFile('web.yaml', text));
  expect(problem.id).toBe('agent-file-invalid');
  expect(problem.issues[0]).toContain(`web.yaml:${issue}`);
});

test('all issues of a file are listed at once', () => {
  const text = 'name: web\nports: {A: 1, b: 0}\nweigth: 1\nprobe: {rise: 0}\n';
  expect(problemOf(() => parseServiceFile('web.yaml', text)).issues).toHaveLength(3);
});

/** Nine levels of nine aliases. */
function bomb(): string {
  const level = (one: number) => `k${one}: &a${one} [${Array.from({ length: 9 }, () => `*a${one - 1}`).join()}]`;
  return ['k0: &a0 [x]', ...Array.from({ length: 9 }, (_, index) => level(index + 1))].join('\n');
}

const NAME = fc.stringMatching(/^[a-z]([a-z0-9-]{0,12}[a-z0-9])?$/).filter((name) => !name.includes('udp'));
const DURATION = (least: number) => fc.integer({ min: least, max: 60_000 });
const PORT = fc.integer({ min: 1, max: 65_535 });
const METHOD: fc.Arbitrary<ServiceDefinition['probe']['method']> = PORT.chain((port) =>
  fc.constantFrom(
    { kind: 'tcp' as const, port },
    { kind: 'amqp' as const, port },
    { kind: 'unit' as const, name: 'mariadb.service' },
  ),
);
const DEFINITION: fc.Arbitrary<ServiceDefinition> = fc.record(
  {
    name: NAME,
    ports: fc
      .uniqueArray(fc.record({ name: NAME, number: PORT }), {
        minLength: 1,
        maxLength: 16,
        selector: (one) => one.name,
      })
      .filter((ports) => new Set(ports.map(({ number }) => number)).size === ports.length),
    labels: fc.dictionary(NAME, fc.constantFrom('', 'db', 'yes', '1.0', '0x1f', 'null'), { maxKeys: 5 }),
    weight: fc.integer({ min: 1, max: 1000 }),
    probe: fc.record(
      {
        method: METHOD,
        address: fc.constantFrom('127.0.0.1', '10.0.0.5', 'fd00::5'),
        intervalMs: DURATION(200),
        timeoutMs: DURATION(50),
        rise: fc.integer({ min: 1, max: 100 }),
        fall: fc.integer({ min: 1, max: 100 }),
      },
      { requiredKeys: ['method', 'intervalMs', 'timeoutMs', 'rise', 'fall'] },
    ),
    drainLimitMs: DURATION(0),
  },
  { requiredKeys: ['name', 'ports', 'labels', 'probe', 'drainLimitMs'] },
);

test('a file that is written from a definition is read back alike', () => {
  fc.assert(
    fc.property(DEFINITION, (service) => {
      expect(parseServiceFile(`${service.name}.yaml`, formatServiceFile(service))).toEqual(service);
    }),
    { numRuns: 200 },
  );
});

test('a name and ports make a file that is read back with the defaults', () => {
  const text = formatServiceFile({ name: 'web', ports: [{ name: 'http', number: 8080 }] });
  expect(text).toBe('name: web\nports:\n  http: 8080\n');
  expect(parseServiceFile('web.yaml', text)).toEqual(parseServiceFile('web.yaml', small('')));
});

/** YAML of any shape below the known fields. */
const SHAPES = fc
  .dictionary(
    fc.oneof(
      fc.constantFrom('name', 'ports', 'labels', 'weight', 'probe', 'drain', '__proto__', 'constructor'),
      fc.string({ maxLength: 5 }),
    ),
    fc.oneof(
      fc.jsonValue(),
      fc.constant({ tcp: { __proto__: 1 } }),
      fc.dictionary(fc.constantFrom('tcp', 'rise', 'limit', 'toString'), fc.jsonValue()),
    ),
  )
  .map((value) => JSON.stringify(value));

const ANCHORS = fc
  .array(
    fc.constantFrom(
      '&a ',
      '*a',
      '<<: ',
      '? ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      ': ',
      '!!int ',
      '!!binary ',
      '|\n',
      '\n',
      ' ',
      'name',
      '"',
      '#',
      '\t',
    ),
  )
  .map((parts) => parts.join(''));

test('whatever a file holds, it is a valid definition or refused with line, column and reason', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map((all) => Buffer.from(all).toString('latin1'));
  const deep = fc.integer({ min: 1, max: 5000 }).map((levels) => `name: ${'[{'.repeat(levels)}`);
  fc.assert(
    fc.property(fc.oneof(hostileText(FULL, small('')), SHAPES, ANCHORS, bytes, deep), (text) => {
      const result = outcome(() => parseServiceFile('mysqldb.yaml', text));
      if ('value' in result) {
        expect(parseServiceFile('mysqldb.yaml', formatServiceFile(result.value))).toEqual(result.value);
        return;
      }
      expect(result.problem.id).toBe('agent-file-invalid');
      expect(result.problem.issues).not.toEqual([]);
      for (const issue of result.problem.issues) expect(issue).toMatch(/^mysqldb\.yaml:[1-9]\d*:[1-9]\d*: ./);
      expect(result.problem.issues.join()).not.toMatch(/[\0-\x1f\x7f-\x9f]/);
    }),
    { numRuns: 500 },
  );
});
