import type { Server } from 'node:http';
import { agentProcessProblems } from '../problems/agent-process.ts';
import type { ListeningSockets } from './listening.ts';
import type { Loop } from './loop.ts';
import type { DrainCause, Drains } from './drain/drains.ts';
import { formatMetrics } from './status/metrics.ts';
import { type Answer, createStatusServer, listen, type Route, type Routes } from './status/server.ts';
import type { AgentSnapshot } from './status/snapshot.ts';

/** Where to listen without systemd. */
export interface OwnSockets {
  readonly socket?: string;
  readonly healthPort?: number;
}

interface Asked {
  readonly loop: Loop;
  /** Why the sidecar's probe must fail; undefined if it must not. */
  readonly unhealthyBecause: () => string | undefined;
  readonly snapshot: () => AgentSnapshot;
  readonly reportFailures: () => number;
  readonly drains: Pick<Drains, 'begin' | 'end'>;
}

/** What people on the machine may ask and do: the permissions of the socket's file say who. */
function apiRoutes({ loop, snapshot, reportFailures, drains }: Asked): Routes {
  return {
    'GET /status': () => ({ status: 200, body: `${JSON.stringify(snapshot())}\n`, type: 'application/json' }),
    'GET /metrics': () => ({
      status: 200,
      body: metrics(loop, snapshot(), reportFailures()),
      type: 'text/plain; version=0.0.4',
    }),
    'POST /drain': onService((name, cause) => drains.begin(name, cause)),
    'POST /undrain': onService((name, cause) => drains.end(name, cause)),
  };
}

/** What any process of the machine may ask, the sidecar among them. */
function healthRoutes({ unhealthyBecause }: Asked): Routes {
  const answer = (): Answer => {
    const reason = unhealthyBecause();
    return reason === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${reason}\n` };
  };
  return { 'GET /health': answer };
}

/** Starts both servers on the sockets of systemd, or on those of the options. Throws `agent-socket-unusable`. */
export async function openEndpoints(
  asked: Asked,
  given: ListeningSockets,
  own: OwnSockets,
): Promise<readonly Server[]> {
  const { socket, healthPort } = own;
  const api = given.api === undefined ? socket !== undefined && { path: socket } : { fd: given.api };
  const health = given.health === undefined ? healthPort !== undefined && loopback(healthPort) : { fd: given.health };
  const opened: Server[] = [];
  try {
    if (api) opened.push(await open(apiRoutes(asked), api));
    if (health) opened.push(await open(healthRoutes(asked), health));
    return opened;
  } catch (error) {
    // An open server would keep the process.
    opened.forEach((server) => server.close());
    throw error;
  }
}

const loopback = (port: number) => ({ host: '127.0.0.1', port });

async function open(routes: Routes, on: Parameters<typeof listen>[1]): Promise<Server> {
  const server = createStatusServer(routes);
  try {
    await listen(server, on);
    return server;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw agentProcessProblems.socketUnusable({ what: Object.values(on).join(':'), reason }, error);
  }
}

/** `?service=NAME`, and `&by=unit` from the unit of the service. */
function onService(act: (name: string, cause: DrainCause) => boolean): Route {
  return (query) => {
    const [service, by] = [query.get('service'), query.get('by') ?? 'request'];
    if (service === null) return { status: 400, body: 'name the service: ?service=NAME\n' };
    if (by !== 'request' && by !== 'unit') return { status: 400, body: 'by is unit, or absent\n' };
    return act(service, by) ? { status: 200, body: 'done\n' } : { status: 404, body: 'no such service\n' };
  };
}

function metrics(loop: Loop, snapshot: AgentSnapshot, reportFailures: number): string {
  const services = new Map(loop.services.map(({ definition, counts: each }) => [definition.name, each]));
  const { user, system } = process.cpuUsage();
  const usage = { cpu: (user + system) / 1e6, resident: process.memoryUsage.rss() };
  return formatMetrics(snapshot, { services, reportFailures }, usage);
}
