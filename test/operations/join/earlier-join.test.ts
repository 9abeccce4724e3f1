import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuseOthersPlace, ownPlace } from '../../../src/operations/join/own-place.ts';
import type { JoinRun, FirstInspection } from '../../../src/operations/join/run.ts';
import type { Kubernetes } from '../../../src/cluster/api/kubernetes.ts';
import type { Preflight } from '../../../src/checks/preflight.ts';
import { examplePackage } from '../../support/examples.ts';
import { folderState } from '../../support/folder-state.ts';
import { anExample, copyOf, type Example } from '../../support/joined-example.ts';
import { problemOf } from '../../support/problem.ts';
import { runCli } from '../../support/run-cli.ts';

const FIRST = [
  ...['--workload-group', 'web', '--exclude-ports', '9000', '--no-capture-dns', '--service', 'web:http:8080'],
  ...['--accept-risk', 'outside-client-hangs'],
];

const again = ({ root, cluster }: Example) => ['setup-vm', 'istio-vm', '--root', root, '--manifests', cluster];

/** Joined with the options above. Each test takes a copy. */
let first: Example;
beforeAll(async () => {
  first = anExample();
  const words = ['-n', 'vm', '--package', examplePackage, '--vm-address', '10.150.0.5', ...FIRST];
  expect((await runCli([...again(first), ...words])).exitCode).toBe(0);
});

function joined() {
  const example = copyOf(first);
  return { ...example, again: again(example), record: join(example.root, 'var/lib/meshx/membership') };
}

test('a second run without any option repeats those of the first, and changes nothing', async () => {
  const { root, cluster, again } = joined();
  const before = [folderState(root), folderState(cluster)];
  const { exitCode, stdout, stderr } = await runCli(again);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining('up to date, no changes')]);
  for (const word of [
    '--vm-address 10.150.0.5',
    '--exclude-ports 9000',
    '--no-capture-dns',
    '--accept-risk outside',
    '--workload-group web',
  ])
    expect(stderr).toMatch(new RegExp(`repeated from the join before: .*${word}`));
  expect([folderState(root), folderState(cluster)]).toEqual(before);
});

test('an option that contradicts the join before is named and wins, and is repeated from then on', async () => {
  const { again, record } = joined();
  const { exitCode, stderr } = await runCli([...again, '--exclude-ports', '9001']);
  expect(exitCode).toBe(0);
  expect(stderr).toContain('--exclude-ports 9001 replaces --exclude-ports 9000 of the join before');
  expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ options: { excludePorts: ['9001'] } });
});

test('an option that is forgotten is not repeated; one that no join has cannot be', async () => {
  const { again, record } = joined();
  expect((await runCli([...again, '--forget', 'capture-dns,exclude-ports'])).exitCode).toBe(0);
  expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ options: { vmAddress: '10.150.0.5' } });
  expect(readFileSync(record, 'utf8')).not.toMatch(/captureDns|excludePorts/);
  expect((await runCli([...again, '--forget', 'package'])).stderr).toContain('--forget: "package" is not one of');
});

test('a VM that moves to another group gets a note about what stays of the former one', async () => {
  const { again } = joined();
  const { stderr } = await runCli([...again, '--workload-group', 'api']);
  expect(stderr).toContain('was in WorkloadGroup vm/web; the objects that meshx created for it are kept');
});

test('a recorded value that is none is refused like a typed one', async () => {
  const { again, record } = joined();
  writeFileSync(record, readFileSync(record, 'utf8').replace('10.150.0.5"\n', '$(reboot)"\n'));
  const { exitCode, stderr } = await runCli(again);
  expect([exitCode, stderr]).toEqual([2, expect.stringMatching(/explain (invalid-input|membership-unreadable)/)]);
});

describe('a live VM that names its own place', () => {
  const apiVersion = 'networking.istio.io/v1';
  const entry = (address: string) => ({
    ...{ apiVersion, kind: 'WorkloadEntry' },
    metadata: { name: 'e', namespace: 'prod', annotations: { 'istio.io/autoRegistrationGroup': 'db' } },
    spec: { address },
  });

  /** `up 10.0.0.5` of a VM with this record or host name, in a cluster with these objects. */
  async function refused(place: { group?: string; hostname?: string }, objects: readonly object[]): Promise<void> {
    const has = (kind: string) => objects.filter((object) => 'kind' in object && object.kind === kind);
    const kube = {
      ...{ name: 'c', live: true },
      get: ({ kind }: { kind: string }) => Promise.resolve(has(kind)[0]),
      list: ({ kind }: { kind: string }) => Promise.resolve(has(kind)),
    } as unknown as Kubernetes;
    const context = {
      world: { home: '/nonexistent', env: {} },
      namespace: 'vm',
      facts: { generation: 'current' },
      options: { machine: { ssh: { sshConfig: 'none' }, place: {} }, workload: {}, forget: [] },
    } as unknown as JoinRun['context'];
    const { group } = place;
    const record = group === undefined ? {} : { record: { namespace: 'prod', group } };
    const facts = { hostname: place.hostname ?? 'web-1', address: '10.0.0.5', addresses: ['10.0.0.5'] };
    const preflight = { membership: record, facts } as unknown as Preflight;
    const names = { verb: 'up', again: 'meshx up 10.0.0.5', command: 'meshx up 10.0.0.5' };
    const login = () => Promise.reject(new Error('no one logs in'));
    const run: JoinRun = { ...names, context, vm: '10.0.0.5', observe: () => undefined, login, repeats: true };
    const seen: FirstInspection = { preflight, kube, signal: new AbortController().signal };
    await refuseOthersPlace(run, seen, ownPlace(run, preflight));
  }

  test('keeps the place that the cluster has it in', async () => {
    await expect(refused({ group: 'db' }, [entry('10.0.0.5')])).resolves.toBeUndefined();
  });

  test('gets a new group that is named after it', async () => {
    await expect(refused({}, [])).resolves.toBeUndefined();
  });

  test.each([
    ['a record of root names the group of another VM', { group: 'db' }, [entry('10.0.0.9')]],
    ['a record of root names a group that is not there', { group: 'admin' }, []],
    ['its host name is that of a group', { hostname: 'db' }, [{ apiVersion, kind: 'WorkloadGroup', metadata: {} }]],
    ['its host name is that of an account', { hostname: 'admin' }, [{ kind: 'ServiceAccount', metadata: {} }]],
  ])('is refused an identity where %s', async (_what, place, objects) => {
    const problem = await problemOf(refused(place, objects));
    expect(problem.id).toBe('membership-unconfirmed');
    expect(problem.hint).toMatch(/meshx up 10\.0\.0\.5 -n \S+ --workload-group/);
  });
});
