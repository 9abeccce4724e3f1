import type { Recipe } from '../../lab/cache.ts';
import { mustShell } from '../../lab/command.ts';

/** The newest that runs on Python 3.11, which Debian 12 has. */
export const ANSIBLE = '2.19.14';

/** Ansible's Python packages in a folder of the lab's cache. */
export const ansibleRecipe: Recipe = {
  name: 'ansible',
  inputs: [ANSIBLE],
  build: async (folder) => {
    const env = { PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_ROOT_USER_ACTION: 'ignore' };
    const script =
      'python3 -m pip install --quiet --target "$1" "ansible-core==$2"; python3 -m compileall -q "$1" || true';
    await mustShell(script, [folder, ANSIBLE], { timeoutMs: 600_000, env });
  },
};
