import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { exampleCluster } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

test('expose apply says that load balancers are billed, and delete lists what still exists', async () => {
  const folder = exampleCluster('current');
  const words = ['--provider', 'gcp', '--mode', 'direct', '--manifests', folder];
  const planned = await runCli(['expose', 'apply', ...words, '--dry-run']);
  expect({ exitCode: planned.exitCode, stderr: planned.stderr }).toEqual({
    exitCode: 0,
    stderr: expect.stringMatching(/^note: load balancers that will be made: 1; most clouds bill them$/m),
  });
  expect((await runCli(['expose', 'apply', ...words])).exitCode).toBe(0);
  const left = await runCli(['expose', 'delete', '--manifests', folder, '--dry-run']);
  expect(left.stdout).toContain('delete Service istio-system/istiod-ilb');
});

test('expose status in JSON has numbers and null, and no text that only the table needs', async () => {
  const folder = exampleCluster('current');
  const services = [
    { type: 'LoadBalancer', clusterIP: '10.96.9.1', ports: [{ name: 'tls-istiod', port: 15012, nodePort: 31012 }] },
    { type: 'ExternalName', externalName: 'istiod.example.org' },
    { type: 'ClusterIP', clusterIP: 'None', ports: [{ port: 80, protocol: 'UDP' }] },
  ];
  const objects = services.map((spec, index) =>
    stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `odd-${index}`, namespace: 'istio-system' },
      spec,
    }),
  );
  writeFileSync(join(folder, 'odd.yaml'), objects.join('---\n'));
  const { stdout } = await runCli(['expose', 'status', '--manifests', folder, '-o', 'json']);
  expect(stdout).not.toMatch(/<none>|<unknown>|<pending>/);
  const { services: rows } = JSON.parse(stdout) as { services: readonly { name: string }[] };
  expect(rows.filter(({ name }) => name.startsWith('odd-'))).toMatchObject([
    {
      clusterIp: '10.96.9.1',
      externalIps: [],
      pending: true,
      ports: [{ name: 'tls-istiod', port: 15012, nodePort: 31012, protocol: 'TCP' }],
      ageSeconds: null,
    },
    { clusterIp: null, externalIps: [], pending: false, ports: [] },
    { clusterIp: null, pending: false, ports: [{ name: null, port: 80, nodePort: null, protocol: 'UDP' }] },
  ]);
});
