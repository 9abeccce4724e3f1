import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster } from '../support/examples.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const KUBEDNS = `server=/svc.cluster.local/10.150.0.7
address=/istio-mixer/10.150.0.8
address=/istio-pilot/10.150.0.6
address=/istio-ca/10.150.0.9
address=/istio-mixer.istio-system/10.150.0.8
address=/istio-pilot.istio-system/10.150.0.6
address=/istio-ca.istio-system/10.150.0.9
`;

test('kubedns of a classic cluster is the seven lines, in order', async () => {
  const cwd = temporaryFolder();
  const { exitCode, stderr } = await runCli(['generate-dnsmasq', '--manifests', exampleCluster('classic')], { cwd });
  expect(exitCode).toBe(0);
  expect(readFileSync(join(cwd, 'kubedns'), 'utf8')).toBe(KUBEDNS);
  expect(stderr).toContain('sudo install -m 0644 kubedns /etc/dnsmasq.d/kubedns && sudo systemctl restart dnsmasq');
});

test('a current cluster gets the name of istiod, and the cluster DNS where one is named', async () => {
  const manifests = exampleCluster('current');
  const words = ['generate-dnsmasq', '--manifests', manifests, '--print'];
  const names = 'address=/istio-pilot/10.150.0.30\naddress=/istiod.istio-system.svc/10.150.0.30\n';
  expect((await runCli(words)).stdout).toBe(names);
  const withDns = await runCli([...words, '--dns-address', '10.150.0.7']);
  expect(withDns.stdout).toBe(`server=/svc.cluster.local/10.150.0.7\n${names}`);
});
