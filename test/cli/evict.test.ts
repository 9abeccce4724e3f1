import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { agentRightsObjects } from '../../src/mesh/current/agent-rights.ts';
import { evictionOf, evictionPolicy } from '../../src/mesh/current/eviction.ts';
import type { KubeObject } from '../../src/mesh/kube-object.ts';
import { exampleCluster, setRootNamespace } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { runCli } from '../support/run-cli.ts';

const NETWORKING = 'networking.istio.io/v1';

/** A cluster with a VM of its own account, as `up` and istiod leave it. */
function world(more: readonly Written[] = []): string {
  const folder = exampleCluster('current');
  const group = {
    apiVersion: NETWORKING,
    kind: 'WorkloadGroup',
    metadata: { name: 'db', namespace: 'vm', labels: { 'app.kubernetes.io/managed-by': 'meshx' } },
    spec: { template: { serviceAccount: 'db' }, metadata: { labels: { app: 'db' } } },
  };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'db', namespace: 'vm' } };
  for (const object of [group, account, entry('10.150.0.5'), ...more]) write(folder, object);
  return folder;
}

/** As meshx itself writes one: a folder's other files are not its to delete. */
function write(folder: string, object: Written): void {
  const { kind, metadata } = object;
  const place = join(folder, 'meshx', metadata.namespace);
  mkdirSync(place, { recursive: true });
  const text = `# Written by meshx. Changes made by hand are lost at the next run.\n${stringify(object)}`;
  writeFileSync(join(place, `${kind.toLowerCase()}-${metadata.name}.yaml`), text);
}

interface Written {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly annotations?: object };
  readonly [field: string]: unknown;
}

function entry(address: string): Written {
  return {
    apiVersion: NETWORKING,
    kind: 'WorkloadEntry',
    metadata: { name: `db-${address}`, namespace: 'vm', annotations: { 'istio.io/autoRegistrationGroup': 'db' } },
    spec: { address, serviceAccount: 'db' },
  };
}

const evict = (folder: string, ...words: readonly string[]) =>
  runCli(['evict', ...words, '-n', 'vm', '--manifests', folder]);

const files = (folder: string): string =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n---\n');

const kinds = (folder: string): readonly string[] =>
  parseAllDocuments(files(folder)).map((document) => {
    const { kind, metadata } = document.toJS() as { kind: string; metadata: { name: string } };
    return `${kind} ${metadata.name}`;
  });

test('nothing is evicted without a yes, and a dry run shows the policy and all that would go', async () => {
  const folder = world();
  const before = folderState(folder);
  const asked = await evict(folder, 'db');
  expect(asked.exitCode).toBe(1);
  expect(asked.stderr).toContain('needs-confirmation');
  const { stdout, exitCode } = await evict(folder, 'db', '--dry-run', '--exit-code');
  expect(exitCode).toBe(3);
  expect(stdout).toContain('+ create AuthorizationPolicy istio-system/meshx-evicted.vm.db');
  expect(stdout).toContain('+ delete ServiceAccount vm/db');
  expect(stdout).toContain('cluster.local/ns/vm/sa/db');
  expect(folderState(folder)).toEqual(before);
});

test.each(['db', '10.150.0.5', 'db-10.150.0.5'])(
  '%s is evicted, evicted again without a change, and let in again',
  async (target) => {
    const folder = world();
    const first = await evict(folder, target, '--yes');
    expect(first.exitCode).toBe(0);
    expect(first.stderr).toContain('istiod renews a certificate for anyone holding a valid one');
    expect(kinds(folder).filter((each) => /Workload|ServiceAccount db/.test(each))).toEqual([]);
    const again = await evict(folder, target, '--yes');
    expect(again.stdout).toContain('up to date, no changes');
    const lifted = await evict(folder, target, '--lift', '--yes');
    expect(lifted.exitCode).toBe(0);
    expect(kinds(folder)).toEqual(expect.arrayContaining(['WorkloadGroup db', 'ServiceAccount db']));
    expect(kinds(folder).filter((each) => each.startsWith('AuthorizationPolicy'))).toEqual([]);
    expect((await evict(folder, target, '--lift', '--yes')).stderr).toContain('eviction-unknown');
  },
);

test('the policy is in the root namespace of the mesh config: elsewhere it would deny no one', async () => {
  const folder = world();
  setRootNamespace(folder, 'istio-config');
  const { stdout, exitCode } = await evict(folder, 'db', '--yes');
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('istio-config/meshx-evicted.vm.db')]);
  expect((await evict(folder, 'db', '--lift', '--yes')).stdout).toContain('istio-config/meshx-evicted.vm.db');
});

test('a pod, a second machine or another group with the same account is named, and nothing is done', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shop-1', namespace: 'vm' },
    spec: { serviceAccountName: 'db' },
  };
  const folder = world([pod, entry('10.150.0.6')]);
  const before = folderState(folder);
  const { exitCode, stderr } = await evict(folder, '10.150.0.5', '--yes');
  expect(exitCode).toBe(1);
  expect(stderr).toContain('evict-account-shared');
  expect(stderr).toContain('Pod vm/shop-1');
  expect(stderr).toContain('WorkloadEntry vm/db-10.150.0.6');
  expect(folderState(folder)).toEqual(before);
});

test('with that risk accepted only the entry goes: the account and the group are the others’ too', async () => {
  const folder = world([entry('10.150.0.6')]);
  const { exitCode, stderr } = await evict(folder, '10.150.0.5', '--yes', '--accept-risk', 'evict-account-shared');
  expect(exitCode).toBe(0);
  expect(stderr).toContain('the service account is kept');
  expect(kinds(folder)).toEqual(
    expect.arrayContaining(['WorkloadGroup db', 'ServiceAccount db', 'WorkloadEntry db-10.150.0.6']),
  );
  expect(kinds(folder)).not.toContain('WorkloadEntry db-10.150.0.5');
});

test('an unknown machine and a cluster without istiod are Problems', async () => {
  expect((await evict(world(), 'nobody', '--yes')).stderr).toContain('evict-target-unknown');
  expect((await evict(exampleCluster('classic'), 'db', '--yes')).stderr).toContain('evict-needs-istiod');
});

const EVICTION = {
  namespace: 'vm',
  group: 'db',
  serviceAccount: 'db',
  principal: 'cluster.local/ns/vm/sa/db',
  addresses: [],
  entries: [],
};

const policyOf = (kept: readonly unknown[], more: object = {}) =>
  evictionPolicy({ ...EVICTION, ...more, kept: kept as readonly KubeObject[] }, 'istio-system');

test('an eviction is read as it was written, whatever the order of its keys', () => {
  const kept = [{ kind: 'ServiceAccount', apiVersion: 'v1', metadata: { namespace: 'vm', name: 'db' } }];
  expect(evictionOf(policyOf(kept))).toEqual({ ...EVICTION, kept });
});

test('a policy without the annotation of an eviction is none, and an annotation that meshx did not write is refused', () => {
  const policy = (annotations: Readonly<Record<string, string>>) => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'x', annotations },
  });
  expect(evictionOf(policy({}))).toBeUndefined();
  for (const text of ['', '{', '{}', '{"kept":1}', 'null'])
    expect(evictionOf(policy({ 'meshx.dev/evicted': text }))).toContain('is not one that meshx wrote');
});

const account = (metadata: object, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'db', namespace: 'vm', ...metadata },
  ...more,
});
const group = (metadata: object, spec: object) => ({
  apiVersion: NETWORKING,
  kind: 'WorkloadGroup',
  metadata: { name: 'db', namespace: 'vm', ...metadata },
  spec,
});
const sidecar = (labels: object, spec: object) => ({
  apiVersion: NETWORKING,
  kind: 'Sidecar',
  metadata: { name: 'meshx-db', namespace: 'vm', labels },
  spec: { ingress: [], ...spec },
});
const OURS = { 'app.kubernetes.io/managed-by': 'meshx' };
const SELECTS = { workloadSelector: { labels: { 'meshx.dev/vm': 'db' } } };

const ALTERED: Readonly<Record<string, unknown>> = {
  'another kind': {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'db' },
    roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
  },
  'a kind that climbs': { apiVersion: 'v1', kind: '../../../outside/x', metadata: { name: 'db', namespace: 'vm' } },
  'a kind with another API group': { ...account({}), apiVersion: 'example.org/v1' },
  'another namespace': account({ namespace: 'kube-system' }),
  'another name': account({ name: 'admin' }),
  'a group with another account': group({}, { template: { serviceAccount: 'admin' } }),
  'a group without a template': group({}, {}),
  'a Sidecar that selects others': sidecar(OURS, { workloadSelector: { labels: { app: 'shop' } } }),
  'a Sidecar of the whole namespace': sidecar(OURS, {}),
  'a Sidecar that meshx did not make': sidecar({}, SELECTS),
  'no object': 7,
};

test.each(Object.entries(ALTERED))(
  'lifting an eviction applies nothing when its annotation holds %s',
  async (_, object) => {
    const folder = world();
    expect((await evict(folder, 'db', '--yes')).exitCode).toBe(0);
    const name = join(folder, 'meshx', 'istio-system', 'authorizationpolicy-meshx-evicted.vm.db.yaml');
    const policy = parse(readFileSync(name, 'utf8')) as KubeObject & {
      metadata: { annotations: Record<string, string> };
    };
    policy.metadata.annotations['meshx.dev/evicted'] = JSON.stringify({ ...EVICTION, kept: [object] });
    write(folder, policy as unknown as Written);
    const before = folderState(folder);
    const { exitCode, stderr } = await evict(folder, 'db', '--lift', '--yes');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('eviction-altered')]);
    expect(folderState(folder)).toEqual(before);
  },
);

test('only the fields that an eviction keeps are restored', () => {
  const hostile = { ownerReferences: [{ uid: '1' }], finalizers: ['x'], resourceVersion: '7' };
  const spec = { template: { serviceAccount: 'db' }, status: {}, extra: true };
  const policy = policyOf([account(hostile, { secrets: [{ name: 'stolen' }] }), group(hostile, spec)]);
  const found = evictionOf(policy);
  expect(found).toMatchObject({
    kept: [account({}), group({}, { template: { serviceAccount: 'db' } })],
  });
  expect(JSON.stringify(found)).not.toMatch(/stolen|extra|ownerReferences|finalizers|resourceVersion/);
});

test.each([
  [{ group: 'web' }, 'its name and labels do not say'],
  [{ namespace: 'shop', principal: 'cluster.local/ns/shop/sa/db' }, 'its name and labels do not say'],
  [{ principal: 'cluster.local/ns/vm/sa/admin' }, 'is not the identity of vm/db'],
])('an annotation copied to the policy of another workload is refused: %j', (more, reason) => {
  const policy = policyOf([]);
  const { annotations } = policyOf([], more).metadata;
  expect(evictionOf({ ...policy, metadata: { ...policy.metadata, ...(annotations && { annotations }) } })).toContain(
    reason,
  );
});

test('the rights of the agent go first, and are not kept for the return', async () => {
  const folder = world([...agentRightsObjects(GRANT)] as unknown as readonly Written[]);
  const metadata = { name: 'db', namespace: 'vm', labels: { 'app.kubernetes.io/managed-by': 'meshx' } };
  const copied = { labels: { app: 'db' }, annotations: { 'meshx.dev/agent': '3' } };
  const spec = { template: { serviceAccount: 'db' }, metadata: copied };
  write(folder, { apiVersion: NETWORKING, kind: 'WorkloadGroup', metadata, spec });
  const planned = await evict(folder, 'db', '--dry-run');
  expect(planned.stdout.match(/delete \w+/g)?.slice(0, 2)).toEqual(['delete Role', 'delete RoleBinding']);
  expect(await evict(folder, 'db', '--yes')).toMatchObject({ exitCode: 0 });
  expect(kinds(folder)).not.toContain('Role meshx-agent-db');
  expect(kinds(folder)).not.toContain('RoleBinding meshx-agent-db');
  expect((await evict(folder, 'db', '--lift', '--yes')).exitCode).toBe(0);
  expect(kinds(folder)).toContain('WorkloadGroup db');
  expect(kinds(folder)).not.toContain('Role meshx-agent-db');
});

const GRANT = { group: 'db', namespace: 'vm', serviceAccount: 'db', entries: ['db-10.150.0.5'] };
