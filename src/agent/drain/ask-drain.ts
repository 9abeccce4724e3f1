import { setTimeout as delay } from 'node:timers/promises';
import type { Problem } from '../../problems.ts';
import { agentProcessProblems } from '../../problems/agent-process.ts';
import { askAgent, askSnapshot } from '../status/ask.ts';
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
 * `agent-service-unknown`, before anything is changed unless a service goes away meanwhile, `agent-drain-unfinished`, and the Problems of
 * asking an agent.
 */
export async function requestDrain(request: DrainRequest): Promise<readonly ServiceSnapshot[]> {
  const { verb, socket, limitMs, signal } = request;
  const names = await chosen(request);
  for (const name of names) await askFor(socket, verb, name);
  const until = performance.now() + limitMs;
  for (;;) {
    const known = (await askSnapshot(socket)).services;
    const services = known.filter(({ name }) => names.includes(name));
    const missing = names.find((name) => services.every((service) => service.name !== name));
    if (missing !== undefined) throw unknown(missing, known);
    const pending = services.filter((service) => !hasReached(service, verb)).map(({ name }) => name);
    if (pending.length === 0) return services;
    if (performance.now() >= until)
      throw agentProcessProblems.drainUnfinished({ services: pending, seconds: limitMs / 1000 });
    await delay(STEP_MS, undefined, { signal });
  }
}

/** A service may go away after it was listed. */
async function askFor(socket: string, verb: DrainRequest['verb'], name: string): Promise<void> {
  const { status, body } = await askAgent(socket, 'POST', `/${verb}?service=${encodeURIComponent(name)}`);
  if (status === 404) throw unknown(name, (await askSnapshot(socket)).services);
  if (status !== 200) throw agentProcessProblems.answerUnreadable({ socket, reason: `${status} ${body.trim()}` });
}

async function chosen({ services, socket }: DrainRequest): Promise<readonly string[]> {
  const found = (await askSnapshot(socket)).services;
  const known = found.map(({ name }) => name);
  const missing = services.find((name) => !known.includes(name));
  if (missing !== undefined) throw unknown(missing, found);
  return services.length === 0 ? known : services;
}

function unknown(service: string, services: readonly ServiceSnapshot[]): Problem {
  return agentProcessProblems.serviceUnknown({ service, known: services.map(({ name }) => name) });
}

function hasReached({ state, inRotation }: ServiceSnapshot, verb: DrainRequest['verb']): boolean {
  return verb === 'drain' ? state === 'drained' : inRotation;
}
