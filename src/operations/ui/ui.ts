import type { World } from '../../world.ts';
import { UiServer } from './server.ts';
import { type UiOptions, watchMesh } from './watch-mesh.ts';

/** Serves the page until the run is stopped. `opened` hears its address. Throws `ui-port-taken`. */
export async function serveUi(
  world: World,
  options: UiOptions & { readonly port: number; readonly opened: (url: string) => void },
): Promise<void> {
  await using server = await UiServer.listen(options.port);
  options.opened(server.url);
  await watchMesh(world, options, server);
}
