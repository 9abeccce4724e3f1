import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster } from '../support/examples.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const FILES: Readonly<Record<string, string>> = {
  'cert-chain.pem': 'CHAIN\n',
  'key.pem': 'KEY-OF-DEFAULT\n',
  'root-cert.pem': 'ROOT\n',
};

/** The classic cluster with the Secret that its CA keeps for account default of namespace vm. */
function classicCluster(): string {
  const folder = exampleCluster('classic');
  const data = Object.entries(FILES).map(([name, text]) => `  ${name}: ${Buffer.from(text).toString('base64')}`);
  const head = 'apiVersion: v1\nkind: Secret\nmetadata: { name: istio.default, namespace: vm }\n';
  writeFileSync(join(folder, 'secret.yaml'), `${head}type: istio.io/key-and-cert\ndata:\n${data.join('\n')}\n`);
  return folder;
}

test('the three files of an account are written for their owner alone, with the command that installs each', async () => {
  const cwd = temporaryFolder();
  const words = ['generate-certs', 'default', 'vm', '--manifests', classicCluster()];
  const { exitCode, stdout, stderr } = await runCli(words, { cwd });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(readdirSync(cwd).sort()).toEqual(Object.keys(FILES));
  for (const [name, text] of Object.entries(FILES)) {
    expect(readFileSync(join(cwd, name), 'utf8')).toBe(text);
    expect(statSync(join(cwd, name)).mode & 0o777).toBe(0o600);
    expect(stderr).toContain(`sudo install -D -o istio-proxy -m 0600 ${name} /etc/certs/${name}`);
  }
  expect(stderr).not.toContain('KEY-OF-DEFAULT');
});

test.each(['json', 'yaml', '-'])('the key is not printed where MESHX_OUTPUT is %s', async (format) => {
  const cwd = temporaryFolder();
  const env = { PATH: process.env['PATH'], MESHX_OUTPUT: format, MESHX_PRINT: 'true' };
  const words = ['generate-certs', 'default', 'vm', '--manifests', classicCluster()];
  const { exitCode, stdout } = await runCli(words, { cwd, env });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
  expect(readFileSync(join(cwd, 'key.pem'), 'utf8')).toBe(FILES['key.pem']);
});

test('an account without its Secret, and a mesh with istiod, are Problems, and nothing is written', async () => {
  const cwd = temporaryFolder();
  const missing = await runCli(['generate-certs', 'other', 'vm', '--manifests', classicCluster()], { cwd });
  expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining('identity-secret-missing')]);
  const current = await runCli(['generate-certs', '--manifests', exampleCluster('current')], { cwd });
  expect([current.exitCode, current.stderr]).toEqual([1, expect.stringContaining('certs-need-classic')]);
  expect(readdirSync(cwd)).toEqual([]);
});

test('names that Kubernetes does not accept are refused', async () => {
  const { exitCode, stderr } = await runCli(['generate-certs', 'a b', '..']);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/\[account\][^]*\[namespace\]/);
});
