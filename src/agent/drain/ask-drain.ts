import { setTimeout as delay } from 'node:timers/promises';
import { agentProcessProblems } from '../../problems/agent-process.ts';
import { answerOf, askSnapshot } from '../status/ask.ts';
import type { ServiceSnapshot } from '../status/snapshot.ts';

/** A change of services that the agent of this machine is asked for. */
export interface DrainRequest {
  readonly verb: 'drain' | 'undrain';
  /** Empty: all services. */
  readonly services: readonly string[];
  /** The agent's socket. */
  readonly socket: string;
  /** Milliseconds until all services must have reached the state. */
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const STEP_MS = 200;

/**
 * Takes services out of rotation and waits until they are drained, or back into rotation. Gives their states. Throws
 * `agent-service-unknown` before anything is changed, `agent-drain-unfinished`, and the Problems of asking an agent.
 */
export async function requestDrain(request: DrainRequest): Promise<readonly ServiceSnapshot[]> {
  const { verb, socket, limitMs, signal } = request;
  const names = await chosen(request);
  for (const name of names) await answerOf(socket, 'POST', `/${verb}?service=${encodeURIComponent(name)}`);
  const until = performance.now() + limitMs;
  for (;;) {
    const services = (await askSnapshot(socket)).services.filter(({ name }) => names.includes(name));
    const pending = services.filter((service) => !hasReached(service, verb)).map(({ name }) => name);
    if (pending.length === 0) return services;
    if (performance.now() >= until)
      throw agentProcessProblems.drainUnfinished({ services: pending, seconds: limitMs / 1000 });
    await delay(STEP_MS, undefined, { signal });
  }
}

async function chosen({ services, socket }: DrainRequest): Promise<readonly string[]> {
  const known = (await askSnapshot(socket)).services.map(({ name }) => name);
  const unknown = services.find((name) => !known.includes(name));
  if (unknown !== undefined) throw agentProcessProblems.serviceUnknown({ service: unknown, known });
  return services.length === 0 ? known : services;
}

function hasReached({ state, inRotation }: ServiceSnapshot, verb: DrainRequest['verb']): boolean {
  return verb === 'drain' ? state === 'drained' : inRotation;
}
