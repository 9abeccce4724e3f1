import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { envConflicts, formatConflict, winner } from '../../src/mesh/env-precedence.ts';
import { parseEnv } from '../../src/mesh/env-value.ts';
import {
  DOCUMENTED_KEYS,
  formatSidecarEnv,
  formatSidecarValue,
  isKnownKey,
  sidecarKeys,
  sidecarMismatches,
  sidecarWarnings,
} from '../../src/mesh/sidecar-env.ts';
import { expectGolden } from '../support/golden.ts';
import { hostileText, outcome, problemOf, RUNS } from './support.ts';

const MYSQL = { service: 'mysqldb', namespace: 'vm', ports: [3306] };

test('the three lines of the walkthrough are exact and in order', () => {
  const text = formatSidecarEnv(sidecarKeys(MYSQL));
  expect(text).toBe('ISTIO_INBOUND_PORTS=3306\nISTIO_SERVICE=mysqldb\nISTIO_NAMESPACE=vm\n');
  expectGolden('mesh/sidecar-env/walkthrough/sidecar.env', text);
});

test('several ports are a comma list', () => {
  expect(sidecarKeys({ ...MYSQL, ports: [27017, 3306, 8080] })['ISTIO_INBOUND_PORTS']).toBe('27017,3306,8080');
});

test('every documented key is known, and those that are only read too', () => {
  for (const key of DOCUMENTED_KEYS) expect(isKnownKey(key)).toBe(true);
  for (const key of ['ISTIO_LOCAL_EXCLUDE_PORTS', 'ISTIO_META_NETWORK', 'MESHX_X', 'RECONCILE'])
    expect(isKnownKey(key)).toBe(true);
  expect(isKnownKey('ISTO_SERVICE')).toBe(false);
});

test('unknown keys and keys that nothing reads are warned of', () => {
  const warnings = sidecarWarnings(
    '# ISTIO_X=1\nISTIO_INBOUND_EXCLUDE_PORTS=22,23\nISTIO_PORTS_INBOUND=1\nISTIO_SERVICE=a\n',
  );
  expect(warnings.map(({ key }) => key)).toEqual(['ISTIO_INBOUND_EXCLUDE_PORTS', 'ISTIO_PORTS_INBOUND']);
  expect(warnings[0]?.text).toContain('ISTIO_LOCAL_EXCLUDE_PORTS');
  expect(warnings[1]?.text).toContain('perhaps ISTIO_INBOUND_PORTS is meant');
});

test('a value with a space is quoted, one that two readers take differently is refused', () => {
  expect(formatSidecarValue('ISTIO_AGENT_FLAGS', '--proxyLogLevel debug')).toBe("'--proxyLogLevel debug'");
  expect(formatSidecarValue('ISTIO_INBOUND_PORTS', '*')).toBe('*');
  expect(formatSidecarValue('ISTIO_SERVICE', '$(id);x')).toBe("'$(id);x'");
  for (const value of ['a\nb', "it's", 'a"b', 'a\\b', 'é', 'a\u0000', 'a\tb', 'a\rb'])
    expect(problemOf(() => formatSidecarValue('ISTIO_SERVICE', value)).id).toBe('env-value-unsafe');
  expect(problemOf(() => formatSidecarValue('A B', 'x')).id).toBe('env-value-unsafe');
});

test('what is written is what a shell reads', () => {
  const keys = { A: '', B: 'x y', C: '$HOME `id` #no', D: '*', E: '10.0.0.0/8,fd00::/8', F: '  two  spaces ' };
  const script = `${formatSidecarEnv(keys)}for k in A B C D E F; do eval "printf '%s\\n' \\"\\$$k\\""; done`;
  const read = execFileSync('sh', ['-c', script], { encoding: 'utf8', timeout: 10_000 });
  expect(read).toBe(`${Object.values(keys).join('\n')}\n`);
});

test('every value is refused or reads back', () => {
  fc.assert(
    fc.property(hostileText('3306', '--proxyLogLevel debug', '$(x)', "a'b"), (value) => {
      const result = outcome(() => formatSidecarEnv({ KEY: value }));
      if ('problem' in result) expect(result.problem.id).toBe('env-value-unsafe');
      else expect([...parseEnv(result.value)]).toEqual([['KEY', value]]);
    }),
    RUNS,
  );
});

test('any text is read as an env file without an exception', () => {
  fc.assert(
    fc.property(hostileText('A=1\nB="x $y"\n', "export A='1'\r\n# B=2\n", 'A="a\\"b"\n'), (text) => {
      for (const [key] of parseEnv(text)) expect(key).toMatch(/^\w+$/);
    }),
    RUNS,
  );
});

test('an env file is read as a shell reads it', () => {
  const text =
    '# A=0\nA=1\nexport B=\'x y\'\nC="a \\"q\\" $z" # note\nD=a\'b\'"c"\n  E=5\nA=2\nF=a#b # note\nnot a line\nG=\nH=x\r\n';
  expect(Object.fromEntries(parseEnv(text))).toEqual({
    A: '2',
    B: 'x y',
    C: 'a "q" $z',
    D: 'abc',
    E: '5',
    F: 'a#b',
    G: '',
    H: 'x',
  });
});

test('the same key in both files with different values is reported with the winner', () => {
  const cluster = "ISTIO_SERVICE_CIDR='*'\nISTIO_INBOUND_PORTS='3306'\nSAME='1'\n";
  const sidecar = 'ISTIO_INBOUND_PORTS=3307\nISTIO_SERVICE=a\nSAME=1\n';
  expect(envConflicts(cluster, sidecar, 'meshx')).toEqual([
    { key: 'ISTIO_INBOUND_PORTS', clusterEnv: '3306', sidecarEnv: '3307', winner: 'sidecar.env' },
  ]);
  expect(envConflicts(cluster, sidecar, 'istio-start').map(formatConflict)).toEqual([
    'ISTIO_INBOUND_PORTS: cluster.env wins with "3306"; "3307" in sidecar.env has no effect',
  ]);
  expect(envConflicts(cluster, sidecar, 'meshx').map(formatConflict)[0]).toMatch(/sidecar\.env wins with "3307"/);
});

test.each([
  ['0.2', 'sidecar.env', 'sidecar.env'],
  ['0.4', 'sidecar.env', 'cluster.env'],
  ['0.8', 'sidecar.env', 'cluster.env'],
  ['1.0', 'sidecar.env', 'cluster.env'],
  ['1.5', 'cluster.env', 'cluster.env'],
  ['istio-start', 'cluster.env', 'cluster.env'],
  ['meshx', 'sidecar.env', 'sidecar.env'],
] as const)('with %s the capture follows %s and the agent %s', (reader, capture, agent) => {
  expect([winner('ISTIO_INBOUND_PORTS', reader), winner('ISTIO_SERVICE', reader)]).toEqual([capture, agent]);
});

test('sidecar.env that says something else than the registration is named', () => {
  expect(sidecarMismatches(formatSidecarEnv(sidecarKeys(MYSQL)), MYSQL)).toEqual([]);
  expect(
    sidecarMismatches('ISTIO_INBOUND_PORTS=3306,80\nISTIO_SERVICE=mysqldb\nISTIO_NAMESPACE=vm\n', {
      ...MYSQL,
      ports: [80, 3306],
    }),
  ).toEqual([]);
  expect(sidecarMismatches('ISTIO_INBOUND_PORTS=3307\nISTIO_SERVICE=\n', MYSQL)).toEqual([
    'ISTIO_INBOUND_PORTS is 3307, but the registration says 3306',
    'ISTIO_SERVICE is empty, but the registration says mysqldb',
    'ISTIO_NAMESPACE is not set, but the registration says vm',
  ]);
});
