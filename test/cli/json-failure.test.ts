import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { runCli } from '../support/run-cli.ts';

test.each([
  ['one VM', ['istio-vm']],
  ['several VMs', ['a.invalid', 'b.invalid']],
])('the failure of %s is one JSON document with the Problem of each VM, and a text on stderr', async (_, vms) => {
  const cluster = exampleCluster('current');
  const root = exampleImage();
  writeFileSync(join(root, 'etc/os-release'), 'ID=plan9\nVERSION_ID=4\n');
  const place = vms.length === 1 ? ['--root', root, '--package', examplePackage] : [];
  const words = ['up', ...vms, ...place, '--manifests', cluster, '-n', 'vm', '--service', 'web:http:80', '-o', 'json'];
  const { exitCode, stdout, stderr } = await runCli(words);
  expect(exitCode).toBe(1);
  const document = JSON.parse(stdout) as { readonly version: number; readonly vms: readonly object[] };
  expect(document.vms).toHaveLength(vms.length);
  for (const vm of document.vms) expect(vm).toMatchObject({ status: 'failed', problem: { id: expect.any(String) } });
  expect(stderr).toContain('meshx explain ');
});

test('what fails before any VM is asked is one document too', async () => {
  const { exitCode, stdout } = await runCli(['up', 'vm', '--manifests', '/nonexistent', '-n', 'vm', '-o', 'json']);
  expect(exitCode).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, problem: { id: expect.any(String) } });
});

test('a VM that is being verified cannot be its own client', async () => {
  const { exitCode, stderr } = await runCli(['up', 'a', 'b', '--probe-client', 'b', '--manifests', '/nonexistent']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--probe-client: b is itself being verified');
});
