import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { workloadGroupObject } from '../../src/mesh/current/objects.ts';
import { parseCheck } from '../../src/mesh/probe.ts';
import type { Workload } from '../../src/mesh/workload.ts';
import { Lab } from '../lab/lab.ts';

/** Why a key may differ from istioctl's, or be in one file only. */
const REASONS: Readonly<Record<string, string>> = {
  CA_ADDR: 'istioctl leaves it out for the default revision; the start script then guesses istio-system:15012',
  ISTIO_SYSTEM_NAMESPACE: 'istioctl leaves it out; the start script then guesses istio-system',
  ISTIO_META_CLUSTER_ID: "istioctl without --clusterID writes '' where pods get Kubernetes",
};

const base = { namespace: 'vm', serviceAccount: 'default', labels: {}, services: [] } as const;
const mysql = { name: 'mysqldb', ports: [{ number: 3306, name: 'mysql' }] };
const web = {
  name: 'web',
  ports: [
    { number: 8080, name: 'http' },
    { number: 8443, name: 'https' },
  ],
};

const workloads: readonly (Workload & { readonly args: readonly string[] })[] = [
  { ...base, group: 'plain', args: [] },
  { ...base, group: 'one-service', services: [mysql], args: ['--service', 'mysqldb:3306'] },
  {
    ...base,
    group: 'two-services',
    services: [mysql, web],
    args: ['--service', 'mysqldb:3306', '--service', 'web:http:8080', '--service', 'web:https:8443'],
  },
  { ...base, group: 'labelled', labels: { team: 'data', version: 'v2' }, args: ['-l', 'team=data,version=v2'] },
  { ...base, group: 'own-app', labels: { app: 'ledger' }, args: ['-l', 'app=ledger'] },
  { ...base, group: 'elsewhere', network: 'edge', args: ['--network', 'edge'] },
  { ...base, group: 'placed', locality: 'eu/west', weight: 10, args: ['--locality', 'eu/west', '--weight', '10'] },
  { ...base, group: 'accounted', serviceAccount: 'ledger', args: ['--service-account', 'ledger'] },
  {
    ...base,
    group: 'checked',
    services: [mysql],
    probe: parseCheck('tcp', 3306),
    args: ['--service', 'mysqldb:3306', '--probe', 'tcp'],
  },
];

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await lab.kubectl(['apply', '-f', '-'], 'apiVersion: v1\nkind: Namespace\nmetadata: { name: vm }\n');
  for (const name of ['default', 'ledger']) {
    await lab.kubectl(
      ['apply', '-f', '-'],
      `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: ${name}, namespace: vm }\n`,
    );
  }
  const root = async () =>
    (await lab.kubectl(['-n', 'vm', 'get', 'configmap', '-o', 'name'])).includes('istio-ca-root-cert');
  await lab.waitFor('the root certificate', root);
}, 60_000);

function envOf(text: string): Map<string, string> {
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** Lists and maps whose order means nothing are brought into one order. */
function comparable(key: string, value: string | undefined): unknown {
  if (value === undefined) return undefined;
  const inner = value.slice(1, -1);
  if (key === 'ISTIO_INBOUND_PORTS' || key === 'ISTIO_LOCAL_EXCLUDE_PORTS') return inner.split(',').sort();
  if (key === 'ISTIO_META_POD_PORTS')
    return (JSON.parse(inner) as { name: string }[]).sort((a, b) => (a.name < b.name ? -1 : 1));
  return key === 'ISTIO_METAJSON_LABELS' ? JSON.parse(inner) : value;
}

async function byIstioctl(workload: Workload): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'istioctl-'));
  const file = join(folder, 'group.yaml');
  await writeFile(file, stringify(workloadGroupObject(workload)));
  const args = [
    'x',
    'workload',
    'entry',
    'configure',
    '-f',
    file,
    '-o',
    folder,
    '--autoregister',
    '--ingressIP',
    '10.150.0.1',
  ];
  const ran = await lab.istioctl(args);
  expect({ exitCode: ran.exitCode, output: ran.exitCode ? ran.stderr : '' }).toEqual({ exitCode: 0, output: '' });
  return await read(folder);
}

async function byMeshx(workload: (typeof workloads)[number]): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'meshx-'));
  const group = ['--workload-group', workload.group, '-n', 'vm', ...workload.args];
  const account = workload.args.includes('--service-account') ? [] : ['--service-account', 'default'];
  const ran = await lab.meshx([
    'generate-cluster-env',
    ...group,
    ...account,
    '--istiod-address',
    '10.150.0.1',
    '--out',
    folder,
  ]);
  expect({ exitCode: ran.exitCode, output: ran.exitCode ? ran.stderr : '' }).toEqual({ exitCode: 0, output: '' });
  return await read(folder);
}

async function read(folder: string): Promise<Record<string, string>> {
  const names = ['cluster.env', 'mesh.yaml', 'root-cert.pem', 'hosts'];
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')])),
  );
}

test.each(workloads)(
  'the files of the group $group say what istioctl says, but for what has a reason',
  async (workload) => {
    const [theirs, ours] = [await byIstioctl(workload), await byMeshx(workload)];
    const [their, our] = [envOf(theirs['cluster.env'] ?? ''), envOf(ours['cluster.env'] ?? '')];
    const keys = [...new Set([...their.keys(), ...our.keys()])];
    const differing = keys.filter(
      (key) => JSON.stringify(comparable(key, their.get(key))) !== JSON.stringify(comparable(key, our.get(key))),
    );
    expect(differing.filter((key) => !REASONS[key])).toEqual([]);
    expect(ours['root-cert.pem']?.trimEnd()).toBe(theirs['root-cert.pem']?.trimEnd());
    expect(ours['hosts']?.trimEnd()).toBe(theirs['hosts']?.trimEnd());
    expect(proxyConfig(ours)).toEqual(proxyConfig(theirs));
  },
);

/** mesh.yaml without the metadata, which is compared above, key by key. */
function proxyConfig(files: Record<string, string>): unknown {
  const { defaultConfig } = parse(files['mesh.yaml'] ?? '') as { defaultConfig: Record<string, unknown> };
  const { proxyMetadata: _, ...rest } = defaultConfig;
  return rest;
}
