import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Kubernetes } from '../../../../src/cluster/api/kubernetes.ts';
import { connectKubernetes } from '../../../../src/cluster/api/connect-kubernetes.ts';
import { gatherClusterFacts } from '../../../../src/cluster/facts/facts.ts';
import { planCurrentRegistration } from '../../../../src/cluster/registration/current-registration.ts';
import { parseManifests } from '../../../../src/cluster/api/manifests/parse-manifests.ts';
import { clusterPlanLines, isEmptyClusterPlan } from '../../../../src/cluster/api/plan.ts';
import { applyRegistration } from '../../../../src/cluster/registration/register.ts';
import { aClassicCluster, aNamespace, aService } from '../../../support/cluster-objects.ts';
import { drain } from '../../../support/drain.ts';
import { problemOf } from '../../../support/problem.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-manifests-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}
const open = (): Promise<Kubernetes> => connectKubernetes({ manifests: folder, env: {}, home: '/nowhere' });
const ref = (name: string, namespace = 'vm') => ({ apiVersion: 'v1', kind: 'Service', namespace, name });

test('objects are found in any nesting, in several documents, in Lists, in JSON, with their status', async () => {
  write(
    'a/b/c.yaml',
    [aService('one', { namespace: 'vm' }), aService('two', { namespace: 'vm' })]
      .map((each) => stringify(each))
      .join('---\n'),
  );
  write(
    'list.yml',
    stringify({ apiVersion: 'v1', kind: 'List', items: [aService('three', { namespace: 'vm', ip: '10.0.0.3' })] }),
  );
  const item = { ...aService('four', { namespace: 'vm' }), apiVersion: undefined, kind: undefined };
  write('typed.json', JSON.stringify({ apiVersion: 'v1', kind: 'ServiceList', items: [item] }));
  const kube = await open();
  const names = (await kube.list({ apiVersion: 'v1', kind: 'Service', namespace: 'vm' })).map(
    ({ metadata }) => metadata.name,
  );
  expect(names.toSorted()).toEqual(['four', 'one', 'three', 'two']);
  expect((await kube.get(ref('three')))?.['status']).toEqual({ loadBalancer: { ingress: [{ ip: '10.0.0.3' }] } });
});

test('documents that are no objects are skipped: values, kustomizations, other files, hidden folders', async () => {
  write('values.yaml', 'replicas: 3\n');
  write(
    'kustomization.yaml',
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
  );
  write('notes.txt', '{{{');
  write('.git/config.yaml', '{{{');
  write('empty.yaml', '');
  write('comment.yaml', '# nothing\n');
  expect(await (await open()).list({ apiVersion: 'v1', kind: 'Service' })).toEqual([]);
});

test('facts of a classic cluster are read from a folder as from a server', async () => {
  write('cluster.yaml', stringify({ apiVersion: 'v1', kind: 'List', items: aClassicCluster() }));
  const facts = await gatherClusterFacts(await open(), {
    istioNamespace: 'istio-system',
    serviceCidr: '10.63.240.0/20',
  });
  expect(facts).toMatchObject({
    addresses: { pilot: '10.150.0.6', dns: '10.150.0.7', mixer: '10.150.0.8', ca: '10.150.0.9' },
  });
});

test('a folder refuses nothing: without a ServiceCIDR or an option the range is unknown', async () => {
  write('cluster.yaml', stringify({ apiVersion: 'v1', kind: 'List', items: aClassicCluster() }));
  const problem = await problemOf(gatherClusterFacts(await open(), { istioNamespace: 'istio-system' }));
  expect(problem.id).toBe('service-range-unknown');
  const cidr = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: ['10.63.240.0/20'] },
  };
  write('cidr.yaml', stringify(cidr));
  const facts = await gatherClusterFacts(await open(), { istioNamespace: 'istio-system' });
  expect(facts).toMatchObject({
    serviceCidrs: ['10.63.240.0/20'],
    serviceCidrSource: `ServiceCIDR objects of ${folder}`,
  });
});

describe('registrations', () => {
  const services = [{ name: 'mysqldb', ports: [{ number: 3306, name: 'tcp-mysql' }] }];
  const workload = { group: 'db', namespace: 'vm', serviceAccount: 'db', labels: {}, services };
  const register = (kube: Kubernetes) =>
    planCurrentRegistration(
      kube,
      { workload, createNamespace: true, createServiceAccount: true },
      { istioNamespace: 'istio-system' },
    );

  test('are written as files, and a second run in a new process changes nothing', async () => {
    const kube = await open();
    await drain(applyRegistration(kube, (await register(kube)).plan));
    const file = join(folder, 'meshx/vm/service-mysqldb.yaml');
    expect(readFileSync(file, 'utf8')).toMatch(
      /^# Written by meshx\. Changes made by hand are lost at the next run\.\napiVersion: v1\n/,
    );
    expect(existsSync(join(folder, 'meshx/vm/namespace-vm.yaml'))).toBe(true);
    expect(isEmptyClusterPlan((await register(await open())).plan)).toBe(true);
    writeFileSync(file, readFileSync(file, 'utf8').replace('3306', '3307'));
    expect(clusterPlanLines((await register(await open())).plan)[0]).toMatch(
      /^change Service vm\/mysqldb: spec\.ports/,
    );
  });

  test('leave files of other owners alone', async () => {
    write('vm.yaml', stringify(aNamespace('vm')));
    write(
      'group.yaml',
      stringify({
        apiVersion: 'networking.istio.io/v1',
        kind: 'WorkloadGroup',
        metadata: { name: 'db', namespace: 'vm' },
      }),
    );
    const kube = await open();
    expect((await problemOf(register(kube))).id).toBe('object-of-another-owner');
    const namespace = { apiVersion: 'v1', kind: 'Namespace', name: 'vm' };
    expect((await problemOf(kube.delete(namespace))).id).toBe('manifest-of-another-owner');
    expect(existsSync(join(folder, 'vm.yaml'))).toBe(true);
  });

  test('are deleted again, and only they', async () => {
    const kube = await open();
    await drain(applyRegistration(kube, (await register(kube)).plan));
    expect(await kube.delete(ref('mysqldb'))).toBe(true);
    expect(await kube.delete(ref('mysqldb'))).toBe(false);
    expect(existsSync(join(folder, 'meshx/vm/service-mysqldb.yaml'))).toBe(false);
    expect(existsSync(join(folder, 'meshx/vm/workloadgroup-db.yaml'))).toBe(true);
  });

  test.each(['../../etc', 'a/b', 'a\nb', 'A', '.', 'x'.repeat(300)])(
    'never leave their folder by the name %j',
    async (name) => {
      const kube = await open();
      const object = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'vm' } };
      expect((await problemOf(kube.apply(object))).id).toBe('cluster-refused-object');
      expect(existsSync(join(folder, 'meshx'))).toBe(false);
    },
  );

  test('a token needs an API server, and the Problem says so', async () => {
    const query = { namespace: 'vm', serviceAccount: 'db', audience: 'istio-ca', seconds: 600 };
    expect((await problemOf((await open()).token(query))).id).toBe('token-needs-api-server');
  });
});

describe('bad folders', () => {
  test('one that is not there, or is a file', async () => {
    write('file.yaml', '');
    for (const manifests of [join(folder, 'absent'), join(folder, 'file.yaml')]) {
      const problem = await problemOf(connectKubernetes({ manifests, env: {}, home: '/nowhere' }));
      expect(problem.id).toBe('manifests-missing');
    }
  });

  test('truncated and broken files are all named with their lines', async () => {
    write('one.yaml', stringify(aService('one')).slice(0, 95) + '"');
    write('two.yaml', 'apiVersion: v1\nkind: Service\nmetadata: {name: [\n');
    write('three.json', JSON.stringify(aService('three')).slice(0, 50));
    write('four.yaml', 'a: 1\nb: *a\n');
    const problem = await problemOf(open());
    expect(problem.id).toBe('manifests-broken');
    for (const file of ['four.yaml:2', 'one.yaml:', 'three.json:1', 'two.yaml:']) {
      expect(problem.issues.some((issue) => issue.startsWith(file))).toBe(true);
    }
  });

  test('a file of 300 MB is refused before it is read', async () => {
    write('huge.yaml', '');
    truncateSync(join(folder, 'huge.yaml'), 300 * 1024 * 1024);
    const problem = await problemOf(open());
    expect(problem.id).toBe('manifests-too-large');
    expect(problem.message).toContain('huge.yaml exceeds 16 MiB');
  });

  test('files that are together larger than 64 MiB are refused', async () => {
    for (const number of [1, 2, 3, 4, 5]) {
      write(`part-${number}.yaml`, '');
      truncateSync(join(folder, `part-${number}.yaml`), 15 * 1024 * 1024);
    }
    expect((await problemOf(open())).message).toContain('all files together exceeds 64 MiB');
  });

  test('an object that occurs twice is named with both files', async () => {
    write('a.yaml', stringify(aService('one', { namespace: 'vm' })));
    write('b.yaml', stringify(aService('one', { namespace: 'vm', ip: '10.0.0.1' })));
    const problem = await problemOf(open());
    expect(problem.id).toBe('manifests-duplicate');
    expect(problem.issues).toEqual(['Service vm/one is in a.yaml and in b.yaml']);
  });

  test('aliases that multiply are refused', async () => {
    const lines = Array.from({ length: 9 }, (_, index) => `l${index + 1}: &l${index + 1} [${`*l${index},`.repeat(9)}]`);
    write('bomb.yaml', `apiVersion: v1\nkind: Bomb\nmetadata: {name: x}\nl0: &l0 [x]\n${lines.join('\n')}\n`);
    const problem = await problemOf(open());
    expect(problem.id).toBe('manifests-broken');
    expect(problem.issues[0]).toMatch(/^bomb\.yaml:\d+: its aliases multiply/);
  });

  test('links that leave the folder are not followed, nor links to folders', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'meshx-outside-'));
    try {
      writeFileSync(join(outside, 'secret.yaml'), stringify(aService('secret', { namespace: 'vm' })));
      symlinkSync(join(outside, 'secret.yaml'), join(folder, 'link.yaml'));
      symlinkSync(folder, join(folder, 'circle'));
      symlinkSync(join(folder, 'gone.yaml'), join(folder, 'dangling.yaml'));
      write('real/one.yaml', stringify(aService('one', { namespace: 'vm' })));
      const names = (await (await open()).list({ apiVersion: 'v1', kind: 'Service' })).map(
        ({ metadata }) => metadata.name,
      );
      expect(names).toEqual(['one']);
    } finally {
      rmSync(outside, { recursive: true, force: true });
    }
  });
});

test('a file that is nested too deeply is an issue, not an overflow', () => {
  for (const level of ['? ', '- ', '[', '{a: '])
    expect(parseManifests(level.repeat(20_000), 'deep.yaml')).toEqual({
      objects: [],
      places: [],
      issues: ['deep.yaml:1: it is nested too deeply'],
    });
  const lists = '{"apiVersion":"v1","kind":"List","items":['.repeat(20_000) + ']}'.repeat(20_000);
  expect(parseManifests(lists, 'deep.json').issues).toEqual(['deep.json:1: it is nested too deeply']);
});

test.each([
  { kind: '../../x' },
  { kind: 'a/b' },
  { kind: '' },
  { kind: 'X\0' },
  { metadata: { name: '../x', namespace: 'vm' } },
  { metadata: { name: 'x', namespace: '../..' } },
])('no path made from an object leaves the folder: %j', async (part) => {
  const beside = () =>
    readdirSync(dirname(folder)).filter((name) => name.startsWith('x') || name.startsWith('service'));
  const before = beside();
  const kube = await open();
  expect((await problemOf(kube.apply({ ...aService('db', { namespace: 'vm' }), ...part }))).id).toBe(
    'cluster-refused-object',
  );
  expect([readdirSync(folder), beside()]).toEqual([[], before]);
});

test.each(['meshx', 'meshx/vm'])('a link at %s does not take what meshx writes out of the folder', async (place) => {
  const outside = mkdtempSync(join(tmpdir(), 'meshx-outside-'));
  try {
    mkdirSync(dirname(join(folder, place)), { recursive: true });
    symlinkSync(outside, join(folder, place));
    const kube = await open();
    expect((await problemOf(kube.apply(aService('db', { namespace: 'vm' })))).id).toBe('manifest-unwritable');
    expect(readdirSync(outside)).toEqual([]);
  } finally {
    rmSync(outside, { recursive: true, force: true });
  }
});
