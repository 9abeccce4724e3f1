import type { ConnectionSeen } from '../../checks/verify/request-seen.ts';
import type { Host } from '../../host/run/host.ts';
import { type Connection, parseConnection } from '../../vm/questions/connection.ts';
import { Questions } from '../../vm/questions/questions.ts';
import { dial } from '../../vm/reachability/dial.ts';
import { type Listened, listenArgv, parseListened } from '../../vm/request/listen.ts';
import { withTimeLimit } from '../../time-limit.ts';
import type { Place, PodPlace } from './places.ts';

/** A name and a port, and how its server begins. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly serverFirst: boolean;
}

/** What a connection waits for in the VM's questions. */
const LIMIT_MS = 10_000;

/** Connects from a place and listens. Throws Problems of the way to the place, never for a connection that fails. */
export async function connectFrom(place: Place, target: Target, signal: AbortSignal): Promise<ConnectionSeen> {
  if (place.kind === 'vm') return await connectVm(place.host, target, signal);
  if (place.kind === 'pod') return await connectPod(place, target, signal);
  return await connectHere(target);
}

/** Connects from this machine, which is outside the mesh, and listens. */
async function connectHere({ host, port, serverFirst }: Target): Promise<ConnectionSeen> {
  const answer = await dial(host, port, { speaks: false });
  const target = `${host}:${port}`;
  switch (answer) {
    case 'open-with-bytes':
      return { target, outcome: 'bytes', detail: `${target} sends bytes` };
    case 'open-silent':
      return serverFirst
        ? { target, outcome: 'failed', detail: `${target} is open but silent, and its server should speak first` }
        : { target, outcome: 'open', detail: `${target} accepts connections and stays silent` };
    case 'closed':
      return { target, outcome: 'failed', detail: `${target} closes without a byte` };
    case 'refused':
      return { target, outcome: 'failed', detail: `${target} refuses connections` };
    case 'timeout':
      return { target, outcome: 'failed', detail: `${target} does not answer` };
  }
}

/** Connects from a VM as an ordinary user, and listens. */
export async function connectVm(host: Host, target: Target, signal: AbortSignal): Promise<ConnectionSeen> {
  const questions = new Questions({ limitMs: LIMIT_MS, signal });
  const asked = { host: target.host, port: target.port, path: '', serverFirst: target.serverFirst, counted: false };
  const { stdout } = await questions.ask(host, asked);
  return connectionSeen(parseConnection(stdout), target);
}

function connectionSeen({ address, code, bytes }: Connection, { host, port, serverFirst }: Target): ConnectionSeen {
  const target = `${host}:${port}`;
  const where = `${target} (${address || 'no address'})`;
  if (bytes > 0) return { target, outcome: 'bytes', detail: `${where} sends ${bytes} bytes` };
  if (code === 124 && !serverFirst)
    return { target, outcome: 'open', detail: `${where} accepts connections and stays silent` };
  const silent = code === 124 ? 'is open but silent' : 'closes without a byte';
  return { target, outcome: 'failed', detail: `${where} ${code === 3 ? 'accepts no connection' : silent}` };
}

/** Connects from the application's container of a pod, and listens. */
async function connectPod(place: PodPlace, target: Target, signal: AbortSignal): Promise<ConnectionSeen> {
  const { kube, namespace, pod, container } = place;
  const argv = listenArgv(target.host, target.port);
  const query = { namespace, pod, container, argv, stdin: '' };
  const output = await withTimeLimit(LIMIT_MS, signal, async (until) => kube.podExec?.(query, until));
  const listened = output && parseListened(output);
  return listenedSeen(listened, target, `container ${container} of Pod ${namespace}/${pod}`);
}

function listenedSeen(
  listened: Listened | undefined,
  { host, port, serverFirst }: Target,
  where: string,
): ConnectionSeen {
  const target = `${host}:${port}`;
  const failed = (detail: string): ConnectionSeen => ({ target, outcome: 'failed', detail });
  if (!listened || listened.end === 'no-program') {
    const detail = `${where} has no curl that could connect${listened ? `: ${listened.said}` : ''}`;
    return { target, outcome: 'untried', detail };
  }
  const { bytes, end, said } = listened;
  if (bytes > 0) return { target, outcome: 'bytes', detail: `${target} sends ${bytes} bytes` };
  if (end === 'no-connection') return failed(`${target} accepts no connection: ${said}`);
  if (end === 'closed') return failed(`${target} closes without a byte`);
  if (serverFirst) return failed(`${target} is open but silent, and its server should speak first`);
  return { target, outcome: 'open', detail: `${target} accepts connections and stays silent` };
}
