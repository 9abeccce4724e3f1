import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { caseFolder } from '../support/cases.ts';
import { exampleCluster } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

const SERVICE = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'istiod', namespace: 'istio-system' } };
const PORTS = [{ name: 'tls-istiod', port: 15012, protocol: 'TCP' }];

/** The example cluster with another discoveryAddress, and `istiod` instead of its own istiod. */
function cluster(discoveryAddress: string, istiod?: readonly object[]): string {
  const folder = exampleCluster('current');
  const file = join(folder, 'istio-configmaps.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/discoveryAddress: .*/, `discoveryAddress: ${JSON.stringify(discoveryAddress)}`));
  if (istiod) {
    rmSync(join(folder, 'istiod.yaml'));
    writeFileSync(join(folder, 'remote.yaml'), istiod.map((each) => stringify(each)).join('---\n') || '# nothing\n');
  }
  return folder;
}

interface Made {
  readonly exitCode: number;
  readonly stderr: string;
  readonly caAddr: string;
  readonly hosts: string;
}

async function generate(folder: string, ...more: readonly string[]): Promise<Made> {
  const words = ['--workload-group', 'db', '-n', 'vm', '-o', 'json', ...more];
  const { exitCode, stderr, stdout } = await runCli(['generate-cluster-env', '--manifests', folder, ...words]);
  const { files = [] } = JSON.parse(stdout || '{}') as { files?: readonly { name: string; text: string }[] };
  const text = (name: string): string => files.find((file) => file.name === name)?.text ?? '';
  return { exitCode, stderr, caAddr: /^CA_ADDR='(.*)'$/m.exec(text('cluster.env'))?.[1] ?? '', hosts: text('hosts') };
}

const slice = (endpoints: readonly object[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'istiod-1', namespace: 'istio-system', labels: { 'kubernetes.io/service-name': 'istiod' } },
  addressType: 'IPv4',
  endpoints,
  ports: PORTS,
});
const without = { ...SERVICE, spec: { clusterIP: 'None', ports: PORTS } };

test.each(['10.0.0.5:15012', '[fd00::5]:15012'])(
  'a discoveryAddress that is an IP gives no hosts line of two addresses where istiod runs here: %s',
  async (discovery) => {
    const { caAddr, hosts } = await generate(cluster(discovery));
    expect([caAddr, hosts]).toEqual(['istiod.istio-system.svc:15012', '10.150.0.30 istiod.istio-system.svc\n']);
  },
);

test.each([
  ['10.0.0.5:15012', '10.0.0.5:15012'],
  ['[fd00::5]:15012', '[fd00::5]:15012'],
  ['[fd00::5]', '[fd00::5]:15012'],
])(
  'an istiod outside is dialled by the address of the mesh config, in one pair of brackets: %s',
  async (discovery, dialled) => {
    const { exitCode, caAddr, hosts } = await generate(cluster(discovery, []));
    expect({ exitCode, caAddr, hosts }).toEqual({ exitCode: 0, caAddr: dialled, hosts: '' });
  },
);

test.each([
  ['https://istiod:15012', 'it is a URL'],
  ['$(HOST):15012', 'it holds a variable'],
  ['127.0.0.1:15012', 'it means the machine itself'],
  ['0.0.0.0:15012', 'it means every address'],
  ['169.254.0.1:15012', 'it is link-local'],
  ['trafficdirector.googleapis.com:443', 'trafficdirector.googleapis.com'],
])('a discoveryAddress that no VM can use is refused by name: %s', async (discovery, reason) => {
  const { exitCode, stderr, hosts } = await generate(cluster(discovery));
  expect([exitCode, hosts]).toEqual([1, '']);
  expect(stderr).toContain(reason);
});

test('in a remote cluster the ready endpoints of istiod are its address, whatever gateway there is', async () => {
  const endpoints = [
    { addresses: ['10.9.0.1'], conditions: { ready: false } },
    { addresses: ['10.9.0.2'], conditions: { ready: true } },
    { addresses: ['10.9.0.3'] },
  ];
  const { hosts } = await generate(cluster('istiod.istio-system.svc:15012', [without, slice(endpoints)]));
  expect(hosts).toBe('10.9.0.2 istiod.istio-system.svc\n');
});

test('the Endpoints of an older cluster and an external name are read alike', async () => {
  const metadata = { name: 'istiod', namespace: 'istio-system' };
  const subsets = [{ addresses: [{ ip: '10.9.0.7' }], notReadyAddresses: [{ ip: '10.9.0.8' }], ports: PORTS }];
  const old = cluster('istiod.istio-system.svc:15012', [
    without,
    { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets },
  ]);
  expect((await generate(old)).hosts).toBe('10.9.0.7 istiod.istio-system.svc\n');
  const named = { ...SERVICE, spec: { type: 'ExternalName', externalName: '10.9.0.9' } };
  expect((await generate(cluster('istiod.istio-system.svc:15012', [named]))).hosts).toContain('10.9.0.9');
});

test.each([
  [[], 'it has no ready address'],
  [[{ addresses: ['127.0.0.1'] }], '127.0.0.1: it means the machine itself'],
])('endpoints that no VM can dial are refused with their reason', async (endpoints, reason) => {
  const { stderr } = await generate(cluster('istiod.istio-system.svc:15012', [without, slice(endpoints)]));
  expect(stderr).toContain('istiod-address-unusable');
  expect(stderr).toContain(reason);
});

test.each(['0.0.0.0', '127.0.0.1', '169.254.7.7', '224.0.0.9', 'not an address'])(
  'an address of a load balancer that no VM can dial is refused: %s',
  async (ip) => {
    const folder = cluster('istiod.istio-system.svc:15012');
    const file = join(folder, 'east-west-gateway.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('ip: 10.150.0.30', `ip: ${JSON.stringify(ip)}`));
    const { exitCode, stderr } = await generate(folder);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('istiod-address-unusable')]);
  },
);

test.each(['127.0.0.1', '[::1]:15012', 'https://10.0.0.5', '$(X)'])(
  '--istiod-address is judged like an address of the cluster: %s',
  async (given) => {
    const { exitCode, stderr } = await generate(cluster('istiod.istio-system.svc:15012'), '--istiod-address', given);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('bad-istiod-address')]);
  },
);

test.each([
  ['04-external-control-plane/in', ['--istio-namespace', 'external-istiod'], 'istiod.ext.example.org:15012'],
  ['04-external-control-plane/asm', ['--revision', 'asm-managed'], 'meshconfig.googleapis.com:443'],
])('nothing is exposed where the control plane is elsewhere: %s', async (name, words, place) => {
  for (const mode of [[], ['--mode', 'gateway'], ['--mode', 'direct']]) {
    const { exitCode, stdout, stderr } = await runCli([
      ...['expose', 'apply', '--manifests', caseFolder(name), '--print', ...words, ...mode],
    ]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('control-plane-elsewhere');
    expect(stderr).toContain(place);
  }
});

test('a remote cluster, whose Service of istiod selects nothing, has nothing to expose either', async () => {
  const folder = cluster('istiod.istio-system.svc:15012', [without, slice([{ addresses: ['10.9.0.2'] }])]);
  const { stderr, stdout } = await runCli(['expose', 'apply', '--manifests', folder, '--print']);
  expect([stdout, stderr]).toEqual(['', expect.stringContaining('control-plane-elsewhere')]);
});

test('the Gateway selects the pods that the existing Service of the gateway selects', async () => {
  const { stdout } = await runCli(['expose', 'apply', '--manifests', caseFolder('10-gateway-selector/in'), '--print']);
  expect(stdout).toContain('  selector:\n    app: ew-gateway\n    istio: ew-gateway\n');
  expect(stdout).not.toContain('istio: eastwestgateway');
});

test('the root certificate is read from the ConfigMap that the values of istiod name', async () => {
  const { exitCode, stderr } = await generate(caseFolder('28-root-cert-renamed/in'));
  expect([exitCode, exitCode === 0 ? '' : stderr]).toEqual([0, '']);
});

test.each([
  [['--revision', 'prod'], 'prod'],
  [[], 'default'],
])('a revision tag is resolved to the revision that it stands for: %j', async (words, tag) => {
  const folder = exampleCluster('current');
  const rename = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
  rename('istiod.yaml', (text) => text.replaceAll('name: istiod\n', 'name: istiod-1-29-1\n'));
  rename('istio-configmaps.yaml', (text) =>
    text
      .replace('name: istio\n', 'name: istio-1-29-1\n')
      .replace('name: istio-sidecar-injector\n', 'name: istio-sidecar-injector-1-29-1\n'),
  );
  expect((await generate(folder, ...words)).stderr).toContain('istio-not-found');
  const labels = { 'istio.io/tag': tag, 'istio.io/rev': '1-29-1' };
  const metadata = { name: `istio-revision-tag-${tag}`, labels };
  const kind = 'MutatingWebhookConfiguration';
  writeFileSync(join(folder, 'tag.yaml'), stringify({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata }));
  expect((await generate(folder, ...words)).caAddr).toBe('istiod-1-29-1.istio-system.svc:15012');
  const { stdout } = await runCli(['expose', 'apply', '--manifests', folder, '--print', ...words]);
  expect(stdout).toContain('istiod-1-29-1.istio-system.svc');
});
