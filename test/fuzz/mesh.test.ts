import type * as fc from 'fast-check';
import { parseAllDocuments } from 'yaml';
import { parseAccessLog } from '../../src/mesh/access-log.ts';
import { parseCidrs, parseIp, parseWorkloadIp } from '../../src/mesh/address.ts';
import { parseSubsets } from '../../src/mesh/classic/subsets.ts';
import { parseEnv } from '../../src/mesh/env-value.ts';
import { parseAnnotations, parseLabels } from '../../src/mesh/labels.ts';
import { parseName } from '../../src/mesh/names.ts';
import { parseCheck } from '../../src/mesh/probe.ts';
import { parseServiceRange } from '../../src/mesh/service-cidr.ts';
import { parseServicePorts } from '../../src/mesh/service-port.ts';
import { formatSidecarValue } from '../../src/mesh/sidecar-env.ts';
import { parseSpiffeId } from '../../src/mesh/spiffe.ts';
import { isTooDeep } from '../../src/documents/yaml-depth.ts';
import { mutated, mutatedJson } from './support/mutations.ts';
import { fuzz, holds, orProblem } from './support/statement.ts';

const ENV = mutated([
  "# sidecar\nISTIO_SERVICE_CIDR=10.63.240.0/20\nISTIO_INBOUND_PORTS=3306,8080\nISTIO_SERVICE='mysqldb'\n",
  'export ISTIO_NAMESPACE="vm" # why\nISTIO_CP_AUTH=MUTUAL_TLS; B=2\r\nA=$(id)\nX="a\\"b`c`"\n',
  "ISTIO_META_DNS_CAPTURE='true'\nCANONICAL='a'\"'\"'b'\n\nISTIO_AGENT_FLAGS=--log_output_level=dns:debug --x\n",
]);

fuzz('any env file is read, and what is written from it is read back alike', ENV, (text) => {
  const values = parseEnv(text);
  const written = orProblem(() =>
    [...values].map(([key, value]) => `${key}=${formatSidecarValue(key, value)}\n`).join(''),
  );
  if (written !== undefined) expect([...parseEnv(written)].toSorted()).toEqual([...values].toSorted());
});

const REQUEST =
  '[2026-01-02T03:04:05.678Z] "GET /x HTTP/1.1" 200 - via_upstream - "-" 0 2 3 3 "-" "curl/8" "abc" "web:8080" "10.150.0.5:8080" ' +
  'inbound|8080|| 127.0.0.6:41 10.150.0.5:8080 10.150.0.20:5 outbound_.8080_._.web default spiffe://cluster.local/ns/vm/sa/client';
const OLD =
  '[2018-02-14T16:28:24.640Z] "GET /reviews/0 HTTP/1.1" 200 - 0 379 20 19 "-" "python" "9a" "reviews:9080" "10.0.0.1:9080"';

fuzz('any line of an access log is read or shown as it is', mutated([REQUEST, OLD]), (line) => {
  const parsed = parseAccessLog(line);
  if (!parsed) return;
  for (const number of [parsed.status, parsed.bytesReceived, parsed.bytesSent, parsed.duration])
    holds(!Number.isNaN(number), number);
});

const word = (parse: (text: string) => unknown, form: RegExp) => (text: string) => {
  const value = orProblem(() => parse(text));
  for (const each of [value].flat()) if (each !== undefined) expect(String(each)).toMatch(form);
};

const ADDRESSES = mutated(['10.150.0.5', 'fd00:150::5', '::ffff:10.0.0.1', '10.63.240.0/20, fd00::/64', '127.0.0.1']);
fuzz('an address is one or refused', ADDRESSES, (text) => {
  word(parseIp, /^[0-9a-f:.]+$/)(text);
  word(parseWorkloadIp, /^[0-9a-f:.]+$/)(text);
  word(parseCidrs, /^([0-9a-f:.]+\/\d+|\*)$/)(text);
});

fuzz('a name of Kubernetes is one or refused', mutated(['mysqldb', 'istio-system', 'a.b.c', 'x'.repeat(64)]), (text) =>
  word((each) => parseName(each, 'namespace'), /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/)(text),
);

fuzz(
  'ports of a service are some or refused',
  mutated(['3306', 'http:8080,tcp-mysql:3306', 'grpc=9090', '53/udp']),
  (text) => {
    for (const { name, number } of orProblem(() => parseServicePorts(text.split(','))) ?? []) {
      holds(/^[a-z0-9-]{1,63}$/.test(name), name);
      holds(number > 0, number);
      expect(number).toBeLessThan(65_536);
    }
  },
);

fuzz('labels are some or refused', mutated(['app=db,tier=back', 'example.com/x=y', 'a=', '=b', 'a=b=c']), (text) => {
  for (const [key, value] of Object.entries(orProblem(() => parseLabels([text])) ?? {}))
    holds(/^[\w./-]+=[\w.-]*$/.test(`${key}=${value}`), `${key}=${value}`);
  orProblem(() => parseAnnotations([text]));
});

fuzz(
  'a check of readiness is one or refused',
  mutated(['tcp', 'mysql', 'http', 'http:/healthz?x=1']),
  (text) => void orProblem(() => parseCheck(text, 8080)),
);

fuzz(
  'the refusal of the API server is read',
  mutated([
    'Invalid value: "1.1.1.1": provided IP is not in the valid range. The range of valid IPs is 10.63.240.0/20,fd00::/108',
  ]),
  (text) => word(parseServiceRange, /^[0-9a-f:.]+\/\d+$/)(text),
);

fuzz('an identity is one or none', mutated(['spiffe://cluster.local/ns/vm/sa/mysqldb', 'spiffe://']), (text) => {
  parseSpiffeId(text);
});

fuzz(
  'any object of a cluster gives endpoints or none',
  mutatedJson([
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'x' },
      subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ name: 'tcp', port: 3306 }] }],
    },
  ]) as fc.Arbitrary<Parameters<typeof parseSubsets>[0]>,
  (object) => void parseSubsets(object),
);

fuzz(
  'no YAML text that is not too deep takes the parser down',
  mutated(['a: [b, {c: d}]\n- "]"\n', '- - ? - x\n  : [\n', 'a:\n- b:\n  - !!str c\n', '"a": {"b": "["}\n']),
  (text) => {
    if (!isTooDeep(text)) parseAllDocuments(text);
  },
);
