import type { ServiceDefinition } from '../services/service-file.ts';

/** What a drain sees of the mesh and the machine. */
export interface DrainAccess {
  /** Whether the cluster has the state `draining` of the service; undefined if the agent cannot write to it. */
  readonly isReported: (service: string) => boolean | undefined;
  /** Whether the VM's own sidecar has this VM as an endpoint of the service; undefined if it cannot tell. */
  readonly isEndpoint: (service: ServiceDefinition, signal: AbortSignal) => Promise<boolean | undefined>;
  /** Connections that the service has open. */
  readonly open: (service: ServiceDefinition) => Promise<number>;
  /** Milliseconds on a clock that never jumps. */
  readonly ms: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** How a drain ended. */
export interface DrainOutcome {
  /**
   * `seen`: the VM's own sidecar no longer has the endpoint, so istiod has updated its clients. `assumed`: it never showed the endpoint,
   * and istiod was given its time. `unreported`: nothing shows that the cluster has the state, so clients may still come.
   */
  readonly dropped: 'seen' | 'assumed' | 'unreported';
  /** Connections still open at the limit. */
  readonly left: number;
  /** Milliseconds. */
  readonly took: number;
}

/** How long the cluster and istiod may take: its debounce is 0.1 s to 10 s. Milliseconds. */
const DROP_LIMIT = 10_000;
/** What istiod is given when nothing can be seen: ten times the 0.2 s that it takes. */
const ASSUMED = 2000;
const STEP = 100;

/**
 * Waits until clients have dropped a service that is `draining`, then until its connections have ended, at most for its drain limit.
 * The service itself goes on running.
 */
export async function awaitDrain(
  service: ServiceDefinition,
  access: DrainAccess,
  signal: AbortSignal,
): Promise<DrainOutcome> {
  const began = access.ms();
  const wasEndpoint = await access.isEndpoint(service, signal);
  const dropped = await awaitDropped(service, { access, wasEndpoint, signal });
  const ending = access.ms() + service.drainLimitMs;
  let left = await access.open(service);
  while (left > 0 && access.ms() < ending) {
    await access.pause(STEP, signal);
    left = await access.open(service);
  }
  return { dropped, left, took: access.ms() - began };
}

interface Dropping {
  readonly access: DrainAccess;
  readonly wasEndpoint: boolean | undefined;
  readonly signal: AbortSignal;
}

async function awaitDropped(service: ServiceDefinition, dropping: Dropping): Promise<DrainOutcome['dropped']> {
  const { access, wasEndpoint, signal } = dropping;
  const until = access.ms() + DROP_LIMIT;
  const waits = async (isPending: () => Promise<boolean> | boolean): Promise<boolean> => {
    while (await isPending()) {
      if (access.ms() >= until) return false;
      await access.pause(STEP, signal);
    }
    return true;
  };
  const isGone = () => waits(async () => (await access.isEndpoint(service, signal)) !== false);
  // Only the sidecar's health channel takes it out of rotation, with all other services of the VM.
  if (access.isReported(service.name) === undefined)
    return wasEndpoint === true && (await isGone()) ? 'seen' : 'unreported';
  if (!(await waits(() => access.isReported(service.name) !== true))) return 'unreported';
  if (wasEndpoint === true) return (await isGone()) ? 'seen' : 'assumed';
  await access.pause(ASSUMED, signal);
  return 'assumed';
}
