import fc from 'fast-check';
import {
  type AgentSettings,
  formatAgentSettings,
  machineDigest,
  parseAgentSettings,
} from '../../src/agent/settings.ts';
import { hostileText, outcome, problemOf, RUNS } from '../mesh/support.ts';

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const SETTINGS: AgentSettings = {
  generation: 3,
  observe: false,
  machine: machineDigest('0123456789abcdef0123456789abcdef\n'),
  mesh: { group: 'db1', namespace: 'vm', account: 'db1', entry: 'db1-10.150.0.5', address: '10.150.0.5', network: '' },
  ports: { 'http-8080': 8080, 'mysql-3306': 3306 },
  api: [
    { server: 'https://kubernetes.default.svc', ca: CA },
    { server: 'https://10.0.0.1:6443', ca: CA },
  ],
};
const TEXT = formatAgentSettings(SETTINGS);

test('settings are read back as they were written', () => {
  expect(TEXT).toMatch(/^# Written by meshx.*\nformat: 1\ngeneration: 3\n/);
  expect(parseAgentSettings(TEXT)).toEqual(SETTINGS);
});

test('any settings are read back as they were written', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
  const parts = {
    generation: fc.integer({ min: 1, max: 2 ** 40 }),
    observe: fc.boolean(),
    machine: fc.stringMatching(/^[0-9a-f]{64}$/),
    mesh: fc.record({
      ...{ group: label, namespace: label, account: label, entry: label },
      address: fc.oneof(fc.ipV4(), fc.ipV6()),
      network: fc.stringMatching(/^[a-z0-9.-]{0,12}$/),
    }),
    translated: fc.constant(true as const),
    ports: fc.dictionary(label, fc.integer({ min: 1, max: 65_535 }), { noNullPrototype: true, maxKeys: 5 }),
    api: fc.array(fc.constantFrom(...SETTINGS.api), { maxLength: 3 }),
    metrics: fc.record({ port: fc.integer({ min: 1024, max: 65_535 }) }),
  };
  const requiredKeys = ['generation', 'observe', 'machine', 'mesh', 'ports', 'api'] as const;
  const settings = fc.record(parts, { requiredKeys: [...requiredKeys] });
  fc.assert(
    fc.property(settings, (given) => {
      expect(parseAgentSettings(formatAgentSettings(given))).toEqual(given);
    }),
  );
});

test('the port of the metrics is the last line, and none is none', () => {
  expect(formatAgentSettings({ ...SETTINGS, metrics: { port: 15_098 } })).toBe(`${TEXT}metrics:\n  port: 15098\n`);
  expect(TEXT).not.toContain('metrics');
});

test.each(['{port: 80}', '{port: 65536}', '{port: "15098"}', '{port: 15098, host: 0.0.0.0}', '15098'])(
  'the metrics %s are refused',
  (metrics) => {
    expect(problemOf(() => parseAgentSettings(`${TEXT}metrics: ${metrics}\n`)).id).toBe('agent-file-invalid');
  },
);

test('observe and api may be absent', () => {
  const text = TEXT.replace('observe: false\n', '').replace(/api:[^]*/, '');
  expect(parseAgentSettings(text)).toEqual({ ...SETTINGS, api: [] });
});

test.each([
  [
    'a field that it does not know',
    TEXT.replace('observe: false', 'observ: false'),
    'agent.yaml:4:1: observ: unknown field; did you mean observe?',
  ],
  [
    'an unknown field of the place',
    TEXT.replace('account: db1', 'account: db1\n  role: root'),
    'agent.yaml:10:3: mesh.role: unknown field; the fields are group, namespace',
  ],
  ['a newer format', TEXT.replace('format: 1', 'format: 2'), 'agent.yaml:2:1: format: this agent reads format 1'],
  [
    'an address that is none',
    TEXT.replace('address: 10.150.0.5', 'address: db1'),
    'agent.yaml:11:3: mesh.address: not an IP address',
  ],
  [
    'a port beyond 65535',
    TEXT.replace('3306: 3306', '3306: 70000'),
    'agent.yaml:15:3: ports.mysql-3306: Too big: expected number to be <=65535',
  ],
  [
    'an API server without TLS',
    TEXT.replace('https://10', 'http://10'),
    'agent.yaml:22:5: api.1.server: not https://HOST[:PORT]',
  ],
  ['a broken YAML', 'format: 1\nmesh: {', 'agent.yaml:2:8: Flow map'],
  ['a list', '- 1', 'agent.yaml:1:1: Invalid input: expected object, received array'],
  ['a nameless document', '', 'agent.yaml:1:1: Invalid input: expected object, received undefined'],
])('%s is refused with its line', (_what, text, issue) => {
  const problem = problemOf(() => parseAgentSettings(text));
  expect(problem.id).toBe('agent-file-invalid');
  expect(problem.issues[0]).toContain(issue);
});

test.each(['https://a@b', 'https://a/path', 'https://a?x', 'ftp://a', 'https://', 'https://a#b', ' https://a'])(
  '%j is no address of an API server',
  (server) => {
    const text = formatAgentSettings({ ...SETTINGS, api: [{ server, ca: CA }] });
    expect(problemOf(() => parseAgentSettings(text)).issues.join()).toContain('api.0.server: not https://HOST[:PORT]');
  },
);

test('a private key in the file is refused, and no message repeats it', () => {
  const text = formatAgentSettings({
    ...SETTINGS,
    api: [{ server: 'https://a', ca: `${CA}-----BEGIN PRIVATE KEY-----\nSECRET` }],
  });
  const problem = problemOf(() => parseAgentSettings(text));
  expect(problem.message).toContain('a private key does not belong here');
  expect([problem.message, ...problem.issues].join()).not.toContain('SECRET');
});

test('any text gives settings or a Problem with a line', () => {
  fc.assert(
    fc.property(hostileText(TEXT), (text) => {
      const result = outcome(() => parseAgentSettings(text));
      if ('problem' in result) expect(result.problem.issues[0]).toMatch(/^agent\.yaml:(\d+:\d+:|\s)/);
      else expect(result.value.generation).toBeGreaterThan(0);
    }),
    RUNS,
  );
});

test('the digest of a machine reveals no machine id, and ignores the line break of the file', () => {
  expect(machineDigest('abc\n')).toBe(machineDigest('abc'));
  expect(machineDigest('abc')).not.toBe(machineDigest('abd'));
  expect(machineDigest('abc')).toMatch(/^[0-9a-f]{64}$/);
});
