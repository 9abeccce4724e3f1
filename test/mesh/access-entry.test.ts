import fc from 'fast-check';
import { type AccessEntry, accessEntry, directionOf, isOfRole, joined, joinKey } from '../../src/mesh/access-entry.ts';
import { parseAccessLog } from '../../src/mesh/access-log.ts';
import { explainFlag } from '../../src/mesh/response-flags.ts';
import { hostileText, RUNS } from './support.ts';

const old = (time: string, request: string, end: string): string =>
  `[${time}] ${request} "-" "-" "45dd6431-49cf-9bcf-b611-1d319c56eb2e" "etcd-service:2379" "${end}"`;
const PUT = '"PUT /v2/keys/istioTest HTTP/1.1" 201 - 40 119';
/** Both sides of one request of 2018. */
const OLD_CLIENT = old('2018-02-14T16:28:24.640Z', `${PUT} 6 5`, '172.17.0.9:2379');
const OLD_SERVER = old('2018-02-14T16:28:24.640Z', `${PUT} 4 1`, '127.0.0.1:2379');

const tcp = (time: string, cluster: string, ends: string): string =>
  `[${time}] "- - -" 0 - - - "-" 211 350 12 - "-" "-" "-" "-" "10.150.0.62:3306" ${cluster} ${ends} - -`;
/** Both sides of one connection of today. */
const TCP_CLIENT = tcp(
  '2026-11-30T19:06:01.000Z',
  'outbound|3306||mysqldb.vm.svc',
  '10.1.0.7:51000 10.63.241.1:3306 10.1.0.7:40000',
);
const TCP_SERVER = tcp('2026-11-30T19:06:01.002Z', 'inbound|3306||', '127.0.0.6:40001 10.150.0.62:3306 10.1.0.7:51000');
const TCP_OTHER = tcp('2026-11-30T19:06:00.500Z', 'inbound|3306||', '127.0.0.6:40002 10.150.0.62:3306 10.1.0.8:51000');

const entry = (raw: string, source: string, role?: AccessEntry['role']): AccessEntry => {
  const found = accessEntry(raw, { source, ...(role && { role }) });
  if (!found) throw new Error(`no entry: ${raw}`);
  return found;
};

test('both sides of an HTTP request are one group by its id, the client first', () => {
  const [group = [], ...more] = joined([entry(OLD_SERVER, 'etcd', 'server'), entry(OLD_CLIENT, 'app', 'client')]);
  expect(more).toEqual([]);
  expect(group.map(({ source, line }) => [source, line?.upstreamHost, line?.authority, line?.duration])).toEqual([
    ['app', '172.17.0.9:2379', 'etcd-service:2379', 6],
    ['etcd', '127.0.0.1:2379', 'etcd-service:2379', 4],
  ]);
});

test('both sides of a TCP connection are one group by the address and port between the proxies', () => {
  const groups = joined([entry(TCP_SERVER, 'vm'), entry(TCP_OTHER, 'vm'), entry(TCP_CLIENT, 'pod')]);
  expect(groups.map((group) => group.map(({ source, line }) => [source, line?.time]))).toEqual([
    [['vm', '2026-11-30T19:06:00.500Z']],
    [
      ['pod', '2026-11-30T19:06:01.000Z'],
      ['vm', '2026-11-30T19:06:01.002Z'],
    ],
  ]);
});

test('of a role, lines of the other direction are left out, and those that do not say it stay', () => {
  const kept = (raw: string, role: AccessEntry['role']) => isOfRole(entry(raw, 'x', role));
  expect([kept(TCP_CLIENT, 'client'), kept(TCP_SERVER, 'client')]).toEqual([true, false]);
  expect([kept(TCP_CLIENT, 'server'), kept(TCP_SERVER, 'server')]).toEqual([false, true]);
  expect([kept(OLD_CLIENT, 'client'), kept(OLD_CLIENT, 'server'), kept(TCP_SERVER, undefined)]).toEqual([
    true,
    true,
    true,
  ]);
  expect(directionOf(parseAccessLog(TCP_CLIENT)!)).toBe('outbound');
});

test('a format of the operator is kept as it is, and lines of the agent are none', () => {
  const json = '{"method":"GET","response_code":200}';
  expect(accessEntry(json, { source: 'vm' })).toEqual({ source: 'vm', raw: json });
  expect(accessEntry('[my own] format', { source: 'vm' })).toEqual({ source: 'vm', raw: '[my own] format' });
  expect(accessEntry('2026-11-30T19:06:00.000Z\tinfo\tready', { source: 'vm' })).toBeUndefined();
});

test('no entry is lost or made by joining, whatever the lines hold', () => {
  const raw = fc.oneof(
    fc.constantFrom(OLD_CLIENT, OLD_SERVER, TCP_CLIENT, TCP_SERVER, TCP_OTHER),
    hostileText(OLD_CLIENT, TCP_SERVER),
  );
  fc.assert(
    fc.property(fc.array(raw, { maxLength: 12 }), (lines) => {
      const entries = lines.flatMap((line, at) => accessEntry(line, { source: String(at) }) ?? []);
      const groups = joined(entries);
      expect(groups.flat().length).toBe(entries.length);
      expect(new Set(groups.flat())).toEqual(new Set(entries));
      for (const group of groups) expect(new Set(group.map(joinKey)).size).toBe(1);
    }),
    RUNS,
  );
});

test('flags are explained, and an unknown one is named as such', () => {
  expect(explainFlag('UH')).toBe('UH: no endpoint of the service is healthy');
  expect(explainFlag('NR')).toContain('no route');
  expect(explainFlag('constructor')).toBe('constructor: a flag that meshx does not know');
});
