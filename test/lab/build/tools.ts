import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellFile } from '../../../src/text-files.ts';
import type { Recipe } from '../cache.ts';
import { must } from '../command.ts';
import type { Names } from '../names.ts';

interface Build {
  readonly packages: readonly string[];
  readonly tags?: string;
}

/** Tool modules of test/lab/tools and what is built from each. */
const MODULES: Readonly<Record<string, readonly Build[]>> = {
  kubernetes: [{ packages: ['k8s.io/kubernetes/cmd/kube-apiserver', 'k8s.io/kubernetes/cmd/kubectl'] }],
  istio: [
    {
      packages: ['istio.io/istio/pilot/cmd/pilot-discovery', 'istio.io/istio/istioctl/cmd/istioctl'],
      tags: 'vtprotobuf',
    },
    // `agent` leaves the control plane's packages out: 44 MB less.
    { packages: ['istio.io/istio/pilot/cmd/pilot-agent'], tags: 'agent' },
  ],
  coredns: [{ packages: ['github.com/coredns/coredns'] }],
};

export const toolModules = Object.keys(MODULES);

/** Builds one tool module: programs in its folder, and for Istio the files that its chart and packages are made of. */
export async function toolsRecipe(names: Names, module: string): Promise<Recipe> {
  const source = moduleFolder(names, module);
  const builds = MODULES[module] ?? [];
  const [mod, sum] = await Promise.all(['go.mod', 'go.sum'].map((file) => readFile(join(source, file), 'utf8')));
  const go = await must(['go', 'version']);
  return {
    name: `tools-${module}`,
    inputs: [mod ?? '', sum ?? '', go, JSON.stringify(builds), ISTIO_FILES],
    build: async (folder) => {
      for (const build of builds) await goBuild(source, folder, build);
      if (module === 'istio') await must(['sh', '-euc', ISTIO_FILES, 'sh', await istioSource(names), folder]);
    },
  };
}

async function goBuild(source: string, folder: string, build: Build): Promise<void> {
  const tags = build.tags ? ['-tags', build.tags] : [];
  const argv = ['go', 'build', '-mod=readonly', ...tags, '-ldflags', '-s -w', '-o', `${folder}/`, ...build.packages];
  await must(argv, { cwd: source, timeoutMs: 3_600_000 });
}

const ISTIO_FILES = shellFile(new URL('istio-files.sh', import.meta.url)).text.trimEnd();

async function istioSource(names: Names): Promise<string> {
  const cwd = moduleFolder(names, 'istio');
  return (await must(['go', 'list', '-m', '-f', '{{.Dir}}', 'istio.io/istio'], { cwd, timeoutMs: 600_000 })).trim();
}

function moduleFolder(names: Names, module: string): string {
  return join(names.project, 'test/lab/tools', module);
}
