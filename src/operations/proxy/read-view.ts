import { Unreadable } from '../../documents/unreadable.ts';
import { readLogLevels, type WantedLevel } from '../../envoy/log-levels.ts';
import type { Host } from '../../host/run/host.ts';
import { envoyProblems } from '../../problems/envoy.ts';
import { readEnvoyPages } from '../../vm/envoy-pages.ts';
import type { World } from '../../world.ts';
import { pagesOf, type ViewQuery, type ViewReport, viewOf } from './views.ts';

/** Reads one view of the sidecar on a VM. Throws Problems of the connection and of Envoy's answer. */
export async function readView(world: World, login: () => Promise<Host>, query: ViewQuery): Promise<ViewReport> {
  await using host = await login();
  if (query.view === 'log-level') await mustHaveLoggers(host, query.levels, world.signal);
  const method = query.view === 'log-level' ? 'POST' : 'GET';
  const pages = pagesOf(query);
  const texts = await readEnvoyPages(host, pages, { method, signal: world.signal });
  return readable(`${host.name}: /${pages.join(', /')}`, () => viewOf(query, texts, world.now()));
}

/** Envoy answers an unknown name with a status and no word. */
async function mustHaveLoggers(host: Host, levels: readonly WantedLevel[], signal: AbortSignal): Promise<void> {
  const names = levels.flatMap(({ logger }) => logger ?? []);
  if (names.length === 0) return;
  const [text = ''] = await readEnvoyPages(host, ['logging'], { method: 'POST', signal });
  const known = Object.keys(readLogLevels(text));
  const loggers = names.filter((name) => !known.includes(name));
  if (loggers.length > 0) throw envoyProblems.loggerUnknown({ vm: host.name, loggers, known });
}

/** The same of a saved answer. Throws `envoy-unreadable`. */
export function viewOfFile(
  world: World,
  query: ViewQuery,
  file: { readonly path: string; readonly text: string },
): ViewReport {
  return readable(file.path, () => viewOf(query, [file.text], world.now()));
}

function readable(from: string, read: () => ViewReport): ViewReport {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    throw envoyProblems.unreadable({ from, reason: error.message }, error);
  }
}
