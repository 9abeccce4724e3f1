import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { exampleCluster, exampleImage, examplePackage } from './support/examples.ts';
import { runCli } from './support/run-cli.ts';

const EXAMPLES = new URL('../examples/', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(EXAMPLES, path), 'utf8');

test('the user data of cloud-init is a cloud-config whose keys cloud-init knows', () => {
  const text = read('cloud-init/user-data.yaml');
  expect(text.split('\n')[0]).toBe('#cloud-config');
  const keys = Object.keys(parse(text) as object);
  // The modules users_groups, ssh and package_update_upgrade_install.
  expect(keys).toEqual(['users', 'ssh_keys', 'ssh_pwauth', 'packages']);
});

const hasTerraform = spawnSync('terraform', ['-version']).status === 0;

// Packer's files are of the same language.
(hasTerraform ? test : test.skip).each(['terraform/main.tf', 'packer/meshx.pkr.hcl'])(
  '%s is read by Terraform, and formatted as it does',
  (path) => {
    const words = ['fmt', '-check', '-diff', '-'];
    const { status, stdout } = spawnSync('terraform', words, { input: read(path), encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  },
);

/** The commands of meshx in a recipe, with its variables replaced. */
function commandsOf(path: string, values: Readonly<Record<string, string>>): readonly (readonly string[])[] {
  const text = Object.entries(values).reduce((all, [name, value]) => all.replaceAll(name, value), read(path));
  return [...text.matchAll(/"(meshx [^"]+)"/g)].map(([, line = '']) => line.split(' ').slice(1));
}

test('the image of the Packer recipe gets the files of a join, and no secret', async () => {
  const root = exampleImage();
  const values = {
    '--root root': `--root ${root}`,
    '${var.manifests}': exampleCluster('current'),
    '${var.package}': examplePackage,
  };
  const lines = commandsOf('packer/meshx.pkr.hcl', values);
  expect(lines).toHaveLength(1);
  for (const words of lines) expect(await runCli(words)).toMatchObject({ exitCode: 0 });
  expect(existsSync(join(root, 'etc/systemd/system/istio.service'))).toBe(true);
  expect(existsSync(join(root, 'run/secrets/tokens/istio-token'))).toBe(false);
});
