import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { parseEnv } from '../../src/mesh/env-value.ts';
import { DOCUMENTED_KEYS, formatSidecarValue, isKnownKey, sidecarKeys } from '../../src/mesh/sidecar-env.ts';
import { hostileText, outcome, problemOf, RUNS } from './support.ts';

const lines = (keys: Readonly<Record<string, string>>): string =>
  Object.entries(keys)
    .map(([key, value]) => `${key}=${formatSidecarValue(key, value)}\n`)
    .join('');
const MYSQL = { service: 'mysqldb', namespace: 'vm', ports: [3306] };

test('the three lines of the walkthrough are exact and in order', () => {
  const keys = [
    ['ISTIO_INBOUND_PORTS', '3306'],
    ['ISTIO_SERVICE', 'mysqldb'],
    ['ISTIO_NAMESPACE', 'vm'],
  ];
  expect(Object.entries(sidecarKeys(MYSQL))).toEqual(keys);
});

test('several ports are a comma list', () => {
  expect(sidecarKeys({ ...MYSQL, ports: [27017, 3306, 8080] })['ISTIO_INBOUND_PORTS']).toBe('27017,3306,8080');
});

test('every key that is documented or read is known', () => {
  for (const key of DOCUMENTED_KEYS) expect(isKnownKey(key)).toBe(true);
  for (const key of ['ISTIO_LOCAL_EXCLUDE_PORTS', 'ISTIO_META_NETWORK', 'MESHX_X', 'RECONCILE'])
    expect(isKnownKey(key)).toBe(true);
  expect(isKnownKey('ISTO_SERVICE')).toBe(false);
});

test('a value with a space is quoted, one that two readers parse differently is refused', () => {
  expect(formatSidecarValue('ISTIO_AGENT_FLAGS', '--proxyLogLevel debug')).toBe("'--proxyLogLevel debug'");
  expect(formatSidecarValue('ISTIO_INBOUND_PORTS', '*')).toBe('*');
  expect(formatSidecarValue('ISTIO_SERVICE', '$(id);x')).toBe("'$(id);x'");
  for (const value of ['a\nb', "it's", 'a"b', 'a\\b', 'é', 'a\u0000', 'a\tb', 'a\rb'])
    expect(problemOf(() => formatSidecarValue('ISTIO_SERVICE', value)).id).toBe('env-value-unsafe');
  expect(problemOf(() => formatSidecarValue('A B', 'x')).id).toBe('env-value-unsafe');
});

test('what is written is what a shell reads', () => {
  const keys = { A: '', B: 'x y', C: '$HOME `id` #no', D: '*', E: '10.0.0.0/8,fd00::/8', F: '  two  spaces ' };
  const script = `${lines(keys)}for k in A B C D E F; do eval "printf '%s\\n' \\"\\$$k\\""; done`;
  const read = execFileSync('sh', ['-c', script], { encoding: 'utf8', timeout: 10_000 });
  expect(read).toBe(`${Object.values(keys).join('\n')}\n`);
});

test('every value is refused or reads back', () => {
  fc.assert(
    fc.property(hostileText('3306', '--proxyLogLevel debug', '$(x)', "a'b"), (value) => {
      const result = outcome(() => lines({ KEY: value }));
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
