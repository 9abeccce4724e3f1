import type { Server } from 'node:http';
import { errorText } from '../cluster/api/foreign-error.ts';
import { agentProcessProblems } from '../problems/agent-process.ts';
import type { ListeningSockets } from './listening.ts';
import type { Log } from './log.ts';
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

interface MetricsFacts {
  readonly loop: Loop;
  readonly snapshot: () => AgentSnapshot;
  readonly reportFailures: () => number;
}

interface Asked extends MetricsFacts {
  /** Why the sidecar's probe must fail; undefined if it must not. */
  readonly unhealthyBecause: () => string | undefined;
  readonly drains: Pick<Drains, 'begin' | 'end' | 'hasStarted'>;
}

/** What people on the machine may ask and do: the permissions of the socket's file say who. */
function apiRoutes(asked: Asked): Routes {
  const { snapshot, drains } = asked;
  return {
    'GET /status': () => ({ status: 200, body: `${JSON.stringify(snapshot())}\n`, type: 'application/json' }),
    ...metricsRoutes(asked),
    'POST /drain': onService(asked, (name, cause) => drains.begin(name, cause)),
    'POST /undrain': onService(asked, (name, cause) => drains.end(name, cause)),
  };
}

/** What a scraper of the machine may ask. */
function metricsRoutes({ loop, snapshot, reportFailures }: MetricsFacts): Routes {
  return {
    'GET /metrics': () => ({
      status: 200,
      body: metrics(loop, snapshot(), reportFailures()),
      type: 'text/plain; version=0.0.4',
    }),
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

/** Starts the server of the metrics alone, on a port of 127.0.0.1. None if another program has it: they are on the socket as well. */
export async function openMetrics(facts: MetricsFacts, port: number, log: Log): Promise<readonly Server[]> {
  const hosts = ['127.0.0.1', 'localhost'].flatMap((host) => [host, `${host}:${port}`]);
  try {
    return [await open(metricsRoutes(facts), loopback(port), hosts)];
  } catch (error) {
    log('metrics-port-unusable', { port, reason: errorText(error) }, 'error');
    return [];
  }
}

const loopback = (port: number) => ({ host: '127.0.0.1', port });

async function open(routes: Routes, on: Parameters<typeof listen>[1], hosts?: readonly string[]): Promise<Server> {
  const server = createStatusServer(routes, hosts);
  try {
    await listen(server, on);
    return server;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw agentProcessProblems.socketUnusable({ what: Object.values(on).join(':'), reason }, error);
  }
}

/** `?service=NAME`, and `&by=unit` from the unit of the service. */
function onService({ drains }: Asked, act: (name: string, cause: DrainCause) => boolean): Route {
  return (query) => {
    if (!drains.hasStarted) return { status: 503, body: 'it is starting\n' };
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
