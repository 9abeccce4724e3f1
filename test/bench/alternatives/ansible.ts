import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, ISTIOD } from '../bench.ts';
import type { Spawned } from '../inside/protocol.ts';
import type { Vm } from '../vms.ts';
import { istioctlOf, kubectlOf } from './istioctl.ts';

const HERE = fileURLToPath(new URL('../ansible/', import.meta.url));
/** Several times what one machine and eight take on an idle machine of two cores. */
const LIMIT_MS = { one: 60_000, several: 180_000 } as const;

/** The playbook of test/bench/ansible against these machines; `folder` keeps its files between runs of the same machines. */
export async function joinByAnsible(
  bench: Bench,
  { namespace, vms, fresh }: { readonly namespace: string; readonly vms: readonly Vm[]; readonly fresh: boolean },
): Promise<Spawned> {
  const folder = join(bench.folder, `ansible-${namespace}`);
  if (fresh) await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const inventory = join(folder, 'inventory.ini');
  await writeFile(
    inventory,
    `[vms]\n${vms.map(({ name, ip }) => `${name} ansible_user=root address=${ip}`).join('\n')}\n`,
  );
  const variables = {
    ...{ mesh_namespace: namespace, folder, istiod: ISTIOD, package: bench.lab.deb },
    ...{ kubectl: kubectlOf(bench), istioctl: istioctlOf(bench) },
    ansible_python_interpreter: '/usr/bin/python3',
    ansible_ssh_common_args: `-F ${join(bench.lab.home, '.ssh/config')}`,
  };
  const play = ['-m', 'ansible', 'playbook', '-i', inventory, '-e', JSON.stringify(variables)];
  return await bench.inside.spawn({
    argv: ['python3', ...play, join(HERE, 'playbook.yml')],
    env: { PYTHONPATH: bench.ansible, ANSIBLE_CONFIG: join(HERE, 'ansible.cfg') },
    limitMs: vms.length === 1 ? LIMIT_MS.one : LIMIT_MS.several,
    memory: true,
  });
}
