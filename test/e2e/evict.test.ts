import { mutations } from '../lab/audit.ts';
import { expectDone } from './support/done.ts';
import { useLab } from './support/lab.ts';
import { expectExactly, Viewer } from './support/rights.ts';
import { Session } from './support/session.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'evict';
const lab = useLab();
let viewer: Viewer;
let begun = 0;

beforeAll(async () => {
  await makeStrictNamespace(lab(), NAMESPACE);
  await lab().pod('shop', '10.150.0.27', { namespace: NAMESPACE, http: { port: 8080 } });
  await lab().vm('lost', '10.150.0.62', { mysql: 'off' });
  await lab().vm('kept', '10.150.0.63', { mysql: 'off' });
  for (const vm of ['lost', 'kept']) {
    await lab().mustSsh(vm, 'systemctl enable --now lab-http@8080');
    const words = ['-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--package', lab().deb];
    expectDone(await lab().meshx(['up', vm, ...words, '--service', `${vm}web:http:8080`, '-s', vm]));
  }
  viewer = await Viewer.in(lab(), NAMESPACE);
  await viewer.mayDo(['evict']);
  begun = Date.now();
}, 240_000);

afterAll(async () => await viewer.mayDoNothing(), 60_000);

/** Status and the beginning of the answer, where Envoy says why it refuses. */
const ASK = ['curl', '-s', '--max-time', '4', '-w', ' %{http_code}'];
const host = (name: string): string => `http://${name}.${NAMESPACE}.svc.cluster.local:8080/`;
const fromVm = async (vm: string): Promise<string> =>
  (await lab().ssh(vm, `${ASK.slice(0, -1).join(' ')} ' %{http_code}' ${host('shop')}`)).stdout;
const toVm = async (vm: string): Promise<string> => (await lab().in('shop', [...ASK, host(`${vm}web`)])).stdout;
const evict = (...words: readonly string[]) =>
  lab().meshx(['evict', ...words, '-n', NAMESPACE, '--kubeconfig', viewer.kubeconfig]);
/** What was written by the one who evicts: verb and kind. */
const written = async (since: number): Promise<readonly string[]> => {
  const events = (await mutations(lab().mesh.auditLog, since)).filter(({ user }) => user === 'viewer');
  return events.map(({ verb, object }) => `${verb} ${object.split('/')[0]}`).sort();
};
const cluster = async (kinds: string): Promise<string> =>
  await lab().kubectl(['get', kinds, '-n', NAMESPACE, '-o', 'name']);
/** Certificates that istiod has signed since it started. */
const signed = async (): Promise<number> => {
  const metrics = (await lab().in('hub', ['curl', '-s', 'http://127.0.0.1:15014/metrics'])).stdout;
  return Number(/^citadel_server_success_cert_issuance_count (\d+)/m.exec(metrics)?.[1] ?? 0);
};

test('before an eviction both VMs reach the mesh and are reached', async () => {
  for (const vm of ['lost', 'kept']) {
    expect(await fromVm(vm)).toMatch(/ 200$/);
    await lab().waitFor(`${vm}web`, async () => (await toVm(vm)).endsWith(' 200'));
  }
}, 60_000);

test('an eviction is planned first, and requires confirmation', async () => {
  const since = Date.now();
  const planned = await evict('lost', '--dry-run', '--exit-code');
  expect(planned.exitCode).toBe(3);
  expect(planned.stdout).toContain('+ create AuthorizationPolicy istio-system/meshx-evicted.evict.lost');
  expect((await evict('lost')).stderr).toContain('needs-confirmation');
  expect(await written(since)).toEqual([]);
}, 60_000);

test('an evicted VM is refused by the mesh and has no endpoint; the other VM goes on', async () => {
  using ticking = new Session(
    lab().inArgv('shop', [
      'sh',
      '-c',
      `while :; do curl -s -o /dev/null --max-time 4 -w '%{http_code}\\n' ${host('keptweb')}; done`,
    ]),
  );
  const ran = await evict('10.150.0.62', '--yes');
  expectDone(ran);
  expect(ran.stderr).toContain('istiod renews a certificate for anyone holding a valid one');
  await lab().waitFor('the mesh to refuse the VM', async () =>
    (await fromVm('lost')).includes('RBAC: access denied 403'),
  );
  await lab().waitFor('the VM to have no endpoint', async () =>
    (await toVm('lost')).includes('no healthy upstream 503'),
  );
  expect(await cluster('workloadentries,workloadgroups,sidecars,serviceaccounts')).not.toContain('lost');
  expect(await fromVm('kept')).toMatch(/ 200$/);
  await lab().waitFor('more answers of the other VM', async () => ticking.output.split('\n').length > 5);
  expect(
    ticking.output
      .split('\n')
      .slice(0, -1)
      .filter((code) => code !== '200'),
  ).toEqual([]);
}, 90_000);

test('it stays out after a restart: istiod signs for its certificate without the account, and does not let it register', async () => {
  const before = await signed();
  // Without its token only the certificate speaks for it.
  await lab().mustSsh('lost', 'rm -f /var/run/secrets/tokens/istio-token; systemctl restart --no-block istio');
  await lab().waitFor('istiod to sign for the evicted VM', async () => (await signed()) > before);
  const refused = 'grep -c "cannot find WorkloadGroup evict/lost" /var/log/istio/istio.log';
  await lab().waitFor(
    'istiod to refuse its registration',
    async () => (await lab().ssh('lost', refused)).exitCode === 0,
  );
  expect(await cluster('workloadentries')).not.toContain('lost');
  expect(await fromVm('lost')).not.toMatch(/ 200$/);
  const repeated = await evict('lost', '--yes');
  expectDone(repeated);
  expect(repeated.stdout).toContain('up to date, no changes');
}, 90_000);

test('lifting the eviction lets it in again, with the objects that it had', async () => {
  const since = Date.now();
  const ran = await evict('lost', '--lift', '--yes');
  expectDone(ran);
  expect(await written(since)).toEqual([
    'delete authorizationpolicies',
    'patch serviceaccounts',
    'patch sidecars',
    'patch workloadgroups',
  ]);
  await lab().mustSsh('lost', 'systemctl restart --no-block istio');
  const there = async (): Promise<boolean> =>
    (await fromVm('lost')).endsWith(' 200') && (await toVm('lost')).endsWith(' 200');
  await lab().waitFor('the VM to be in the mesh again', there, { timeoutMs: 60_000 });
  expect(await lab().kubectl(['get', 'authorizationpolicies', '-A', '-o', 'name'])).toBe('');
}, 120_000);

test('a VM whose account others share is evicted only when that is accepted', async () => {
  await lab().kubectl(['apply', '-f', '-'], JSON.stringify(podObject('kept')));
  const since = Date.now();
  const ran = await evict('kept', '--yes');
  expect(ran.exitCode).toBe(1);
  expect(ran.stderr).toContain('evict-account-shared');
  expect(ran.stderr).toContain('Pod evict/shares-kept');
  expect(await written(since)).toEqual([]);
  await lab().kubectl(['delete', 'pod', 'shares-kept', '-n', NAMESPACE, '--force', '--grace-period=0']);
}, 60_000);

test('evicting and lifting needed exactly what meshx rbac evict gives', async () => {
  expectExactly('evict', await viewer.used(begun));
});

function podObject(account: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `shares-${account}`, namespace: NAMESPACE },
    spec: { serviceAccountName: account, containers: [{ name: 'app', image: 'none.invalid/app' }] },
  };
}
