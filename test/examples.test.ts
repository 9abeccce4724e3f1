import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { exampleCluster, exampleImage, examplePackage } from './support/examples.ts';
import { runCli } from './support/run-cli.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const EXAMPLES = new URL('../examples/', import.meta.url).pathname;
const read = (path: string): string => readFileSync(join(EXAMPLES, path), 'utf8');

/** The lab installs ansible-core from PyPI; elsewhere one in the PATH is used. */
function ansible(): { readonly program: string; readonly env: Readonly<Record<string, string>> } | undefined {
  const cache = process.env['MESHX_LAB_CACHE'] ?? '/var/cache/meshx-lab';
  const found = existsSync(cache) ? readdirSync(cache).find((name) => /^ansible-[0-9a-f]+$/.test(name)) : undefined;
  const program = found && join(cache, found, 'bin/ansible-playbook');
  if (program && existsSync(program)) return { program, env: { PYTHONPATH: join(cache, found) } };
  return spawnSync('ansible-playbook', ['--version']).status === 0
    ? { program: 'ansible-playbook', env: {} }
    : undefined;
}

const found = ansible();

(found ? describe : describe.skip)('the Ansible role', () => {
  const folder = temporaryFolder();
  const dist = join(folder, 'dist');
  const words = ['--root', exampleImage(), '--manifests', exampleCluster('current'), '--package', examplePackage];

  beforeAll(() => {
    execFileSync(process.execPath, ['scripts/build.mjs', dist], { cwd: join(EXAMPLES, '..') });
    cpSync(join(EXAMPLES, 'ansible'), join(folder, 'ansible'), { recursive: true });
    writeFileSync(join(folder, 'meshx'), `#!/bin/sh\nexec '${process.execPath}' '${dist}/meshx.js' "$@"\n`);
    chmodSync(join(folder, 'meshx'), 0o755);
    const vars = {
      meshx_command: join(folder, 'meshx'),
      meshx_services: ['mysqldb:3306'],
      meshx_namespace: 'vm',
      meshx_options: words,
    };
    const host = { ansible_connection: 'local', ansible_host: '10.0.0.9', ansible_user: 'deploy' };
    writeFileSync(join(folder, 'inventory.json'), JSON.stringify({ mesh_vms: { vars, hosts: { 'istio-vm': host } } }));
  }, 60_000);

  /** The recap of a play: `ok=1 changed=1 … failed=0`. */
  function play(...more: readonly string[]): string {
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, LC_ALL: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1' };
    const argv = [found?.program ?? '', '-i', join(folder, 'inventory.json'), 'site.yaml', ...more];
    const program = argv[0] === 'ansible-playbook' ? argv : ['python3', ...argv];
    const { stdout } = spawnSync(program[0] ?? '', program.slice(1), {
      cwd: join(folder, 'ansible'),
      env: { ...env, ...found?.env },
      encoding: 'utf8',
    });
    return /^istio-vm +: (.*)$/m.exec(stdout)?.[1]?.replace(/ +/g, ' ') ?? stdout;
  }

  test('plans in check mode, joins, and then has nothing to do', () => {
    expect(play('--check')).toMatch(/^ok=1 changed=1 .*failed=0/);
    expect(play()).toMatch(/^ok=1 changed=1 .*failed=0/);
    expect(play()).toMatch(/^ok=1 changed=0 .*failed=0/);
  }, 120_000);
});

test('the user data of cloud-init is a cloud-config whose keys cloud-init knows', () => {
  const text = read('cloud-init/user-data.yaml');
  expect(text.split('\n')[0]).toBe('#cloud-config');
  const keys = Object.keys(parse(text) as object);
  // The modules users_groups, ssh and package_update_upgrade_install.
  expect(keys).toEqual(['users', 'ssh_keys', 'ssh_pwauth', 'packages']);
});

const hasTerraform = spawnSync('terraform', ['-version']).status === 0;

(hasTerraform ? test : test.skip)('the Terraform example is read and formatted by Terraform', () => {
  const { status, stdout } = spawnSync('terraform', ['fmt', '-check', '-diff', join(EXAMPLES, 'terraform')], {
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});

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
