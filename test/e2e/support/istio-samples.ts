import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { built, type Recipe } from '../../lab/cache.ts';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/** The folder `samples/bookinfo` of the lab's release of Istio, from its Go module. */
export async function bookinfoSample(lab: Lab): Promise<string> {
  const cwd = join(lab.names.project, 'test/lab/tools/istio');
  const recipe: Recipe = {
    name: 'bookinfo',
    inputs: [await readFile(join(cwd, 'go.mod'), 'utf8')],
    build: async (folder) => {
      const said = await must(['go', 'mod', 'download', '-json', 'istio.io/istio'], { cwd, timeoutMs: 600_000 });
      const { Dir } = JSON.parse(said) as { readonly Dir: string };
      for (const part of ['platform/kube', 'networking', 'src/mysql'])
        await cp(join(Dir, 'samples/bookinfo', part), join(folder, part), { recursive: true });
    },
  };
  return await built(lab.names, recipe, () => undefined);
}
