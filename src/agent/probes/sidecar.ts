import { createProbe } from './index.ts';
import type { Probe } from './probe.ts';

/** Envoy's own listener for readiness; it asks pilot-agent, which asks Envoy's admin endpoint. */
const STATUS_PORT = 15_021;

/**
 * Returns the probe of the sidecar: whether Envoy answers and has its configuration. Beside the probe of a service it tells a dead service
 * from a dead sidecar: a refused connection means no Envoy, status 503 an Envoy that is not ready.
 */
export function createSidecarProbe(timeoutMs: number, port = STATUS_PORT): Probe {
  const method = { kind: 'http', port, path: '/healthz/ready', status: '200' } as const;
  return createProbe({ address: '127.0.0.1', method, timeoutMs });
}
