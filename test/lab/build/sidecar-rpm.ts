import { join } from 'node:path';
import { shellFile, textFile } from '../../../src/text-files.ts';
import type { Recipe } from '../cache.ts';
import { mustShell } from '../command.ts';
import { packageFiles } from './sidecar-package.ts';

const VERSION = '1.29.1';

const POSTINST = textFile(new URL('postinst.sh', import.meta.url));
const SPEC = textFile(new URL('sidecar.spec', import.meta.url));
const BUILD = shellFile(new URL('sidecar-rpm.sh', import.meta.url)).text;

/** The sidecar's .rpm in a folder with the layout of Istio's releases, and a newer one. `sidecar`: the folder of the .deb. */
export function sidecarRpmRecipe(sidecar: string): Recipe {
  return {
    name: 'sidecar-rpm',
    inputs: [sidecar, SPEC, POSTINST, BUILD],
    build: async (folder) => {
      const words = [packageFiles.deb(sidecar), folder, SPEC, POSTINST, VERSION];
      await mustShell(BUILD, words, { timeoutMs: 300_000 });
    },
  };
}

/** Files of the recipe's folder, which itself is laid out as Istio's bucket. */
export const rpmFiles = {
  rpm: (folder: string) => join(folder, VERSION, 'rpm/istio-sidecar.rpm'),
  newerRpm: (folder: string) => join(folder, 'istio-sidecar-newer.rpm'),
};
