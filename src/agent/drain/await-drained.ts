import type { Surroundings } from '../health/watched-service.ts';
import type { AgentSettings } from '../settings.ts';
import { awaitDrain, type DrainOutcome } from './drain.ts';
import { drainAccess } from './machine-access.ts';

/** Waits until a service of this machine is drained. Its result says how that ended, for people. */
export function awaitDrainedOn(
  { mesh: { namespace, address } }: AgentSettings,
  isReported: () => boolean | undefined,
): Surroundings['awaitDrained'] {
  const access = drainAccess({ namespace, address, isReported });
  return async (service, signal) => drainEnd(await awaitDrain(service, access, signal));
}

function drainEnd({ dropped, left }: DrainOutcome): string {
  const open = left === 0 ? 'no open connections' : `${left} connections open at the limit`;
  return dropped === 'unreported' ? `${open}; clients may still come` : open;
}
