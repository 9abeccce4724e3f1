import { exampleCluster } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

test('[A12] expose apply says that load balancers are billed, and delete lists what still exists', async () => {
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
