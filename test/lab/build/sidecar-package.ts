import { join } from 'node:path';
import { shellFile, textFile } from '../../../src/text-files.ts';
import type { Recipe } from '../cache.ts';
import { mustShell } from '../command.ts';

const VERSION = '1.29.1';

const CONTROL = `Package: istio-sidecar
Version: ${VERSION}
Architecture: amd64
Maintainer: meshx lab <lab@meshx.test>
Section: net
Priority: optional
Depends: iproute2, iptables, sudo, hostname
Description: sidecar proxy of the mesh, as the lab built it
`;

const POSTINST = textFile(new URL('postinst.sh', import.meta.url));
const LAYOUT = shellFile(new URL('sidecar-package.sh', import.meta.url)).text;

/** istio-sidecar.deb in Istio's own layout, a newer one, one for another architecture, and a folder of the binaries. */
export function sidecarRecipe(istio: string, envoy: string): Recipe {
  return {
    name: 'sidecar-package',
    inputs: [istio, envoy, CONTROL, POSTINST, LAYOUT],
    build: async (folder) => {
      await mustShell(LAYOUT, [istio, envoy, folder, CONTROL, POSTINST], { timeoutMs: 300_000 });
    },
  };
}

export const packageFiles = {
  deb: (folder: string) => join(folder, 'istio-sidecar.deb'),
  newerDeb: (folder: string) => join(folder, 'istio-sidecar-newer.deb'),
  foreignDeb: (folder: string) => join(folder, 'istio-sidecar-arm64.deb'),
  directory: (folder: string) => join(folder, 'files'),
};
