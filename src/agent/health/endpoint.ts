import type { ReporterStatus } from '../report/reporter-status.ts';
import { isInRotation, type ServiceHealth } from './health.ts';

/** What decides how the health endpoint answers. */
export interface EndpointFacts {
  /** Whether every service was judged since the start, or since a pause. */
  readonly judged: boolean;
  readonly mode: ReporterStatus['mode'];
  readonly observe: boolean;
  readonly services: readonly ServiceHealth[];
}

/**
 * Why the sidecar's probe must fail, or undefined. The WorkloadGroup's probe asks this. With the API, the entry's ports say which
 * service is in rotation, and the endpoint only says that the agent lives; without it, the endpoint answers for all services at once.
 */
export function unhealthyBecause({ judged, mode, observe, services }: EndpointFacts): string | undefined {
  if (!judged) return 'not every service was judged yet';
  if (observe || mode === 'api') return undefined;
  if (mode === 'fenced') return 'another machine has the place of this one';
  const out = services.filter((service) => !isInRotation(service));
  return out.length === 0 ? undefined : out.map(({ name, state }) => `${name} is ${state}`).join(', ');
}
