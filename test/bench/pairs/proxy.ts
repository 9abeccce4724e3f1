import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { istioctlOf } from '../alternatives/istioctl.ts';
import type { Bench } from '../bench.ts';
import { nothingToClose, type Series } from '../series.ts';
import { startsOf } from './start.ts';

/** Services in the dump, about 4 MB. */
const SERVICES = 2000;

/** The tables of a saved dump of a sidecar, by meshx and by istioctl. */
export const proxy: Series = {
  id: 'proxy',
  rounds: 11,
  open: async (bench) => {
    const file = join(bench.folder, 'config-dump.json');
    await writeFile(file, await largeDump(bench));
    const sides = ['routes', 'clusters'].flatMap((view) => [
      { id: `${view}-meshx`, take: startsOf(bench, [...bench.meshx, 'proxy', '--file', file, view]) },
      { id: `${view}-istioctl`, take: startsOf(bench, [istioctlOf(bench), 'proxy-config', view, '--file', file]) },
    ]);
    return { warmUp: true, sides, [Symbol.asyncDispose]: nothingToClose };
  },
};

/** A real dump with copies of one of its services. */
async function largeDump({ lab }: Bench): Promise<string> {
  const text = await readFile(join(lab.names.project, 'test/golden/envoy/config-dump.json'), 'utf8');
  const copies = Array.from({ length: SERVICES }, (_, index) => `web-${index}.views.svc`);
  const copied = (value: unknown, name: string): unknown =>
    JSON.parse(JSON.stringify(value).replaceAll('web.views.svc', name)) as unknown;
  const repeat = (values: readonly unknown[]): readonly unknown[] =>
    values.flatMap((value) =>
      JSON.stringify(value).includes('web.views.svc.cluster.local')
        ? copies.map((name) => copied(value, name))
        : [value],
    );
  // as: the shape of the file beside these tests.
  const dump = JSON.parse(text) as { readonly configs: readonly Record<string, never[]>[] };
  const configs = dump.configs.map((config) => ({
    ...config,
    ...(config['dynamic_active_clusters'] && { dynamic_active_clusters: repeat(config['dynamic_active_clusters']) }),
    ...(config['dynamic_route_configs'] && {
      dynamic_route_configs: config['dynamic_route_configs'].map(withMoreHosts),
    }),
  }));
  return JSON.stringify({ configs });

  function withMoreHosts(entry: { readonly route_config: { readonly virtual_hosts: readonly unknown[] } }): unknown {
    return {
      ...entry,
      route_config: { ...entry.route_config, virtual_hosts: repeat(entry.route_config.virtual_hosts) },
    };
  }
}
