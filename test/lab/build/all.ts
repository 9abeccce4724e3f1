import { built, type Recipe } from '../cache.ts';
import type { Names } from '../names.ts';
import { envoyRecipe } from './envoy.ts';
import { installPackages } from './packages.ts';
import { rootRecipe, type Suite } from './root-file-system.ts';
import { sidecarRecipe } from './sidecar-package.ts';
import { toolModules, toolsRecipe } from './tools.ts';

/** Folders of what was built. */
export interface Parts {
  /** kube-apiserver, kubectl. */
  readonly kubernetes: string;
  /** pilot-discovery, pilot-agent, istioctl, and the files of its chart and packages. */
  readonly istio: string;
  readonly coredns: string;
  readonly envoy: string;
  readonly sidecar: string;
  readonly roots: Readonly<Record<Suite, string>>;
}

/** Builds what is missing, programs beside root file systems: one waits for the compiler, the other for the network. */
export async function buildAll(names: Names, note: (line: string) => void): Promise<Parts> {
  await installPackages(note);
  const make = (recipe: Recipe): Promise<string> => built(names, recipe, note);
  const programs = async (): Promise<readonly string[]> => {
    const folders: string[] = [];
    for (const module of toolModules) folders.push(await make(await toolsRecipe(names, module)));
    return folders;
  };
  const images = async (): Promise<readonly [string, string, string]> => {
    const envoy = await make(envoyRecipe);
    return [envoy, await make(await rootRecipe(names, 'bookworm')), await make(await rootRecipe(names, 'trixie'))];
  };
  const [tools, [envoy, bookworm, trixie]] = await settled(programs(), images());
  const [kubernetes = '', istio = '', coredns = ''] = tools;
  const sidecar = await make(sidecarRecipe(istio, envoy));
  return { kubernetes, istio, coredns, envoy, sidecar, roots: { bookworm, trixie } };
}

/** Waits for both also when one fails, so that nothing goes on behind the error. */
async function settled<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
