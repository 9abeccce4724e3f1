import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from '../../problems.ts';
import { type ExchangeAnswer } from '../../cluster/api/live/http-exchange.ts';
import { askAgent, askSnapshot } from '../status/ask.ts';

/** A systemd unit that is about to stop, or has started, and the service that it runs. */
export interface UnitRequest {
  readonly event: 'stops' | 'started';
  readonly service: string;
  /** The agent's socket. */
  readonly socket: string;
  /** Milliseconds: the unit stops then, whatever the agent says. */
  readonly limitMs: number;
}

/** Milliseconds. An agent that restarts is back within `silence`; without an agent the unit must not wait. */
const TIMES = { step: 100, silence: 5000 } as const;

/**
 * Drains a service for its unit, and returns when it is drained, or lets it return. Each round asks again, because an agent that was
 * started meanwhile knows nothing of it. Returns how it ended, for the journal; never throws.
 */
export async function requestForUnit({ event, service, socket, limitMs }: UnitRequest): Promise<string> {
  const began = performance.now();
  let answered = began;
  for (;;) {
    try {
      const state = await oneRound(socket, event, service);
      if (state.ended) return state.how;
      answered = performance.now();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (performance.now() - answered >= TIMES.silence) return `not drained: ${error.message}`;
    }
    if (performance.now() - began >= limitMs) return `not drained within ${limitMs / 1000} s`;
    await delay(TIMES.step);
  }
}

interface Round {
  readonly ended: boolean;
  readonly how: string;
}

async function oneRound(socket: string, event: UnitRequest['event'], service: string): Promise<Round> {
  const verb = event === 'stops' ? 'drain' : 'undrain';
  const query = `service=${encodeURIComponent(service)}&by=unit`;
  const answer = await askAgent(socket, 'POST', `/${verb}?${query}`);
  // An agent that is starting does not know its services yet.
  if (answer.status === 503) return { ended: false, how: 'the agent is starting' };
  if (answer.status === 404) return { ended: true, how: 'the agent has no such service' };
  if (answer.status !== 200) return { ended: true, how: refusal(answer) };
  if (event === 'started') return { ended: true, how: 'may return to rotation' };
  const found = (await askSnapshot(socket)).services.find(({ name }) => name === service);
  return {
    ended: found === undefined || found.state === 'drained',
    how: found?.reason ?? 'the agent has no such service',
  };
}

function refusal({ status, body }: ExchangeAnswer): string {
  return `the agent refuses (${status}): ${body.trim().slice(0, 200)}`;
}
