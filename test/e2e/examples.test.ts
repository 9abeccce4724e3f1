import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ansibleRecipe } from '../bench/alternatives/ansible-recipe.ts';
import { built } from '../lab/cache.ts';
import { run } from '../lab/command.ts';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { useLab } from './support/lab.ts';

const lab = useLab();
const folder = temporaryFolder();
let packages: string;

beforeAll(async () => {
  const { project } = lab().names;
  packages = await built(lab().names, ansibleRecipe, () => undefined);
  cpSync(join(project, 'examples/ansible'), join(folder, 'ansible'), { recursive: true });
  const words = ['--root', exampleImage(), '--manifests', exampleCluster('current'), '--package', examplePackage];
  const vars = {
    meshx_command: join(project, 'dist/meshx.js'),
    meshx_services: ['mysqldb:3306'],
    meshx_namespace: 'vm',
    meshx_options: words,
  };
  const host = { ansible_connection: 'local', ansible_host: '10.0.0.9', ansible_user: 'deploy' };
  writeFileSync(join(folder, 'inventory.json'), JSON.stringify({ mesh_vms: { vars, hosts: { 'istio-vm': host } } }));
}, 300_000);

/** The recap of a play: `ok=1 changed=1 … failed=0`. */
async function play(...more: readonly string[]): Promise<string> {
  const program = join(packages, 'bin/ansible-playbook');
  const argv = ['python3', program, '-i', join(folder, 'inventory.json'), 'site.yaml', ...more];
  const env = { HOME: folder, LC_ALL: 'C.UTF-8', PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: packages };
  const { stdout } = await run(argv, { cwd: join(folder, 'ansible'), env });
  return /^istio-vm +: (.*)$/m.exec(stdout)?.[1]?.replace(/ +/g, ' ') ?? stdout;
}

test('the Ansible role plans in check mode, joins, and then has nothing to do', async () => {
  expect(await play('--check')).toMatch(/^ok=1 changed=1 .*failed=0/);
  expect(await play()).toMatch(/^ok=1 changed=1 .*failed=0/);
  expect(await play()).toMatch(/^ok=1 changed=0 .*failed=0/);
}, 120_000);
