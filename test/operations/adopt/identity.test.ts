import { confirmIdentity } from '../../../src/operations/adopt/identity.ts';
import type { Kubernetes } from '../../../src/cluster/api/kubernetes.ts';
import type { KubeObject } from '../../../src/mesh/kube-object.ts';
import { problemOf } from '../../support/problem.ts';

const apiVersion = 'networking.istio.io/v1';
const group = (account: string): KubeObject => ({
  ...{ apiVersion, kind: 'WorkloadGroup', metadata: { name: 'web', namespace: 'vm' } },
  spec: { template: { serviceAccount: account } },
});
const entry = (address: string, account: string): KubeObject => ({
  ...{ apiVersion, kind: 'WorkloadEntry' },
  metadata: { name: `web-${address}`, namespace: 'vm', annotations: { 'istio.io/autoRegistrationGroup': 'web' } },
  spec: { address, serviceAccount: account },
});

async function confirmed(objects: readonly KubeObject[], isTyped = false): Promise<void> {
  const kube = {
    get: ({ kind }: { kind: string }) => Promise.resolve(objects.find((object) => object.kind === kind)),
    list: ({ kind }: { kind: string }) => Promise.resolve(objects.filter((object) => object.kind === kind)),
  } as unknown as Kubernetes;
  const member = { namespace: 'vm', group: 'web', address: '10.0.0.5', labels: {} };
  const signal = new AbortController().signal;
  const claim = { vm: 'byhand', member, serviceAccount: 'web', known: ['10.0.0.5'], isTyped, signal };
  await confirmIdentity(kube, claim);
}

test('an entry at the address that SSH goes to, with the account of its group, confirms a VM', async () => {
  await expect(confirmed([group('web'), entry('10.0.0.5', 'web')])).resolves.toBeUndefined();
});

test('an operator who names namespace, group and account is believed', async () => {
  await expect(confirmed([], true)).resolves.toBeUndefined();
});

test.each([
  ['the group of another VM', [group('web'), entry('10.0.0.9', 'web')], 'no entry at 10.0.0.5'],
  ['the account of another group', [group('other'), entry('10.0.0.5', 'other')], 'service account other'],
  ['a group without entries', [group('web')], 'no entry at 10.0.0.5'],
  ['a group that is not there', [], 'no WorkloadGroup vm/web'],
])('a VM that claims %s gets no token', async (_what, objects, found) => {
  const problem = await problemOf(confirmed(objects));
  expect(problem.id).toBe('adopt-unconfirmed');
  expect(problem.issues.join('; ')).toContain(found);
  expect(problem.hint).toContain('meshx adopt byhand -n vm --workload-group web -s web');
});
