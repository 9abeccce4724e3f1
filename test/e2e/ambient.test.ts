import { ambientWorkload, startAmbientIstiod } from '../lab/istiod.ts';
import { expectDone } from './support/done.ts';
import { useLab } from './support/lab.ts';
import { makeStrictNamespace } from './support/strict.ts';

const NAMESPACE = 'ambient';
const IP = '10.150.0.66';
const ENTRY = { namespace: NAMESPACE, name: `amb-${IP}` };
const ZTUNNEL = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'ztunnel', namespace: 'istio-system' },
  spec: {
    selector: { matchLabels: { app: 'ztunnel' } },
    template: {
      metadata: { labels: { app: 'ztunnel' } },
      spec: { containers: [{ name: 'istio-proxy', image: 'docker.io/istio/ztunnel:1.29.1' }] },
    },
  },
};
const lab = useLab();

beforeAll(async () => {
  await makeStrictNamespace(lab(), NAMESPACE);
  await startAmbientIstiod(lab());
  await lab().vm('amb', IP, { mysql: 'off' });
  await lab().mustSsh('amb', 'systemctl enable --now lab-http@8080');
}, 240_000);

afterAll(async () => {
  await lab().processes.stop('istiod-ambient');
  await lab().mesh.try(['delete', 'daemonset', 'ztunnel', '-n', 'istio-system', '--ignore-not-found']);
}, 60_000);

/** The lab's Envoy cannot terminate HBONE, so that its VM is not restarted with it: the cluster's side is what is asked. */
const register = () => lab().meshx(['register', 'ambweb', IP, 'http:8080', '-n', NAMESPACE]);
const told = () => ambientWorkload(lab(), ENTRY);
const isTunnelled = async (): Promise<boolean> => (await told())?.['tunnelProtocol'] === 'HBONE';

test('a VM that joined a mesh of sidecars is named to ambient clients without a tunnel', async () => {
  const place = ['-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--package', lab().deb];
  expectDone(await lab().meshx(['up', 'amb', ...place, '--service', 'ambweb:http:8080']));
  const workload = await lab().waitFor('ambient clients to hear of the VM', told);
  expect(workload['tunnelProtocol'] ?? 'NONE').not.toBe('HBONE');
}, 180_000);

test('once the mesh has ambient clients, the existing entry is labelled and they use HBONE', async () => {
  await lab().mesh.apply([ZTUNNEL]);
  expectDone(await register());
  await lab().waitFor('HBONE', isTunnelled);
  const words = ['--workload-group', 'amb', '-n', NAMESPACE, '--istiod-address', '10.150.0.1', '--print'];
  const generated = await lab().meshx(['generate-cluster-env', ...words]);
  expectDone(generated);
  expect(generated.stdout).toContain("ISTIO_META_ENABLE_HBONE='true'");
}, 60_000);

test('an entry that istiod makes anew has the label, and registering again changes nothing', async () => {
  await lab().mustSsh('amb', 'systemctl stop istio');
  await lab().kubectl(['-n', NAMESPACE, 'delete', 'workloadentry', ENTRY.name, '--ignore-not-found']);
  await lab().mustSsh('amb', 'systemctl start istio');
  await lab().waitFor('HBONE', isTunnelled, { timeoutMs: 60_000 });
  const again = await register();
  expectDone(again);
  expect(again.stdout + again.stderr).toContain('no changes');
}, 120_000);
