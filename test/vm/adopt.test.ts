import { differences, keepRunning } from '../../src/vm/adopt/differences.ts';
import { parseStanding, type Standing } from '../../src/vm/adopt/standing.ts';
import type { Step } from '../../src/reconcile/resource.ts';
import { PLACES } from '../../src/vm/places.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const SETTINGS = {
  CA_ADDR: 'istiod.istio-system.svc:15012',
  INSTANCE_IP: '10.150.0.5',
  ISTIO_META_DNS_CAPTURE: 'true',
  ISTIO_META_NETWORK: '',
  ISTIO_METAJSON_LABELS: '{"app":"web"}',
  OUTPUT_CERTS: './etc/certs',
  POD_NAMESPACE: 'hand',
  PROV_CERT: './etc/certs',
  LANG: 'C',
};

function answer(settings: Readonly<Record<string, string>>, more: readonly string[] = []): string {
  const environment = Object.entries(settings).map(([key, value]) => `${key}=${value}\0`);
  const mesh = 'defaultConfig:\n  discoveryAddress: istiod.istio-system.svc:15012\n';
  return [
    'ActiveState=active',
    'InvocationID=abc',
    'agent=1',
    `environment=${base64(environment.join(''))}`,
    'age=100',
    `cluster=${base64("ISTIO_META_WORKLOAD_NAME='web'\nPOD_NAMESPACE='other'\n")}`,
    `mesh=${base64(mesh)}`,
    'mesh-age=200',
    'istiod=10.150.0.1',
    ...more,
  ].join('\n');
}

const CLUSTER_ENV = `CA_ADDR='istiod.istio-system.svc:15012'
ISTIO_INBOUND_PORTS='8080'
ISTIO_META_DNS_CAPTURE='true'
ISTIO_META_NETWORK=''
ISTIO_METAJSON_LABELS='{"app":"web","meshx.dev/vm":"web","service.meshx.dev/web":"ready","version":"latest"}'
ISTIO_SVC_IP='10.150.0.5'
POD_NAMESPACE='hand'
`;

const STEPS: readonly Step[] = [
  {
    id: 'cluster-env',
    title: 'Configure',
    wants: [
      { kind: 'file', path: PLACES.clusterEnv, content: CLUSTER_ENV, owner: 'istio-proxy', mode: '0644' },
      {
        kind: 'file',
        path: PLACES.meshConfig,
        content: 'defaultConfig:\n  discoveryAddress: "istiod.istio-system.svc:15012"\n  proxyMetadata: { A: b }\n',
        owner: 'istio-proxy',
        mode: '0644',
      },
      { kind: 'unit', name: 'istio.service', reads: [] },
    ],
  },
];

const standing = (changed: Readonly<Record<string, string>> = {}): Standing =>
  parseStanding(answer({ ...SETTINGS, ...changed }));

test('what the running agent has wins over the files, which say the rest', () => {
  const { settings, invocation, istiodAddress } = standing();
  expect(settings.get('POD_NAMESPACE')).toBe('hand');
  expect(settings.get('ISTIO_META_WORKLOAD_NAME')).toBe('web');
  expect([invocation, istiodAddress]).toEqual(['abc', '10.150.0.1']);
});

test('a sidecar that has the settings already is kept: labels of meshx, rules and spelling are no difference', () => {
  expect(differences(standing(), STEPS)).toEqual([]);
  expect(keepRunning(standing(), STEPS)[0]?.wants[2]).toMatchObject({ keeps: 'abc' });
});

test.each([
  ['another istiod', { CA_ADDR: 'other:15012' }, 'CA_ADDR: "other:15012" in the running sidecar'],
  ['another address', { INSTANCE_IP: '172.17.0.1' }, 'INSTANCE_IP: "172.17.0.1"'],
  ['another label', { ISTIO_METAJSON_LABELS: '{"app":"old"}' }, 'the label app: "old"'],
  ['a key that would be lost', { ISTIO_META_IDLE_TIMEOUT: '5s' }, 'ISTIO_META_IDLE_TIMEOUT: "5s"'],
])('a sidecar with %s is restarted, and the key is named', (_what, changed, text) => {
  expect(differences(standing(changed), STEPS)).toEqual([expect.stringContaining(text)]);
  expect(keepRunning(standing(changed), STEPS)).toEqual(STEPS);
});

test('an agent outside of its unit, and a mesh configuration that it did not read, cannot be kept', () => {
  const outside = parseStanding(answer(SETTINGS).replace('agent=1', 'agent=0'));
  expect(differences(outside, STEPS)).toEqual(['pilot-agent runs outside of istio.service']);
  const newer = parseStanding(answer(SETTINGS).replace('mesh-age=200', 'mesh-age=5'));
  expect(differences(newer, STEPS)).toEqual(['the mesh configuration was written after the sidecar started']);
});

test('a sidecar that does not run differs in nothing: it is started', () => {
  expect(differences(parseStanding('ActiveState=inactive\n'), STEPS)).toEqual([]);
});
