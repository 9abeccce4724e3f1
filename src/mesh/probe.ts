import { meshProblems } from '../problems/mesh.ts';
import { list, mapping } from './unknown.ts';
import type { ReadinessProbe } from './workload.ts';

const FORM = 'tcp, mysql, http, http:/PATH or grpc';
const METHODS = ['httpGet', 'tcpSocket', 'exec', 'grpc'] as const;

/**
 * The readiness probe of `--probe` for one port. pilot-agent's defaults differ from its documentation, so all times are
 * explicit: every 5 seconds, 2 failures. Throws `bad-check`.
 */
export function parseCheck(text: string, port: number): ReadinessProbe {
  const [, method = '', path] = /^([a-z]+)(?::(.*))?$/s.exec(text) ?? [];
  const times = { periodSeconds: 5, timeoutSeconds: 3, successThreshold: 1, failureThreshold: 2 };
  if (path === undefined && (method === 'tcp' || method === 'mysql'))
    return unredirected({ tcpSocket: { port }, ...times });
  // A gRPC probe that answers NOT_SERVING crashes pilot-agent, so an open port must be enough.
  if (path === undefined && method === 'grpc') return unredirected({ tcpSocket: { port }, ...times });
  if (method === 'http') return { httpGet: { path: httpPath(text, path ?? '/'), port }, ...times };
  throw meshProblems.badCheck({ text, wanted: 'a check', form: FORM });
}

/**
 * The probe with a host at which the service itself answers. Without one, pilot-agent connects to the VM's own address: capture
 * redirects that connection of its user to Envoy, which accepts it whether or not the service runs. It leaves loopback alone, and
 * connections from 127.0.0.6, from which pilot-agent sends the requests of httpGet (HTTPProber and TCPProber of Istio).
 */
export function unredirected(probe: ReadinessProbe): ReadinessProbe {
  const socket = mapping(probe['tcpSocket']);
  return probe['tcpSocket'] && !socket['host'] ? { ...probe, tcpSocket: { ...socket, host: 'localhost' } } : probe;
}

/** Whether the host of a probe is the loopback interface. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Returns the probe. Refuses probes that stop pilot-agent: no method or several, an empty command, gRPC. Throws
 * `bad-check`.
 */
export function checkProbe(probe: ReadinessProbe): ReadinessProbe {
  const [method, second] = METHODS.filter((name) => probe[name] !== undefined && probe[name] !== null);
  const refuse = (form: string) =>
    meshProblems.badCheck({ text: JSON.stringify(probe), wanted: 'a readiness probe', form });
  if (!method || second) throw refuse(`it has exactly one of ${METHODS.join(', ')}`);
  if (method === 'grpc') throw refuse('a gRPC probe that answers NOT_SERVING stops pilot-agent; use tcpSocket');
  if (method === 'exec' && list(mapping(probe['exec'])['command']).length === 0) throw refuse('exec has a command');
  if (method !== 'exec' && !isPort(mapping(probe[method])['port']))
    throw refuse(`${method} has a port from 1 to 65535`);
  return probe;
}

function httpPath(text: string, path: string): string {
  if (/^\/[\x21-\x7e]*$/.test(path)) return path;
  throw meshProblems.badCheck({ text, wanted: 'a check', form: `the path begins with "/" and has no spaces: ${FORM}` });
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}
