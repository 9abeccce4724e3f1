import type { Host } from '../host/run/host.ts';
import { type DrainedService, type DrainOptions, drainServices } from '../vm/agent-drain.ts';
import type { World } from '../world.ts';

/** What happens while services are drained or put back. `still-waits` comes every 30 s. */
export type DrainEvent =
  | { readonly kind: 'doing'; readonly what: 'connect' }
  | { readonly kind: 'waits'; readonly what: string; readonly limitMs: number }
  | { readonly kind: 'still-waits'; readonly what: string; readonly sinceMs: number; readonly limitMs: number };

interface Draining extends DrainOptions {
  readonly observe: (event: DrainEvent) => void;
  /** Milliseconds between two `still-waits`. */
  readonly remindMs?: number;
}

const WHAT = {
  drain: 'until clients have left and open connections have ended',
  undrain: 'until the services are back in rotation',
} as const;

const REMIND_MS = 30_000;

/**
 * Takes services of a VM out of rotation and waits for their clients, or puts them back. The VM's agent does it, and repeats it after a
 * restart. Throws Problems of the connection and of the agent.
 */
export async function drainVm(
  world: Pick<World, 'signal'>,
  login: () => Promise<Host>,
  { observe, remindMs = REMIND_MS, ...options }: Draining,
): Promise<readonly DrainedService[]> {
  observe({ kind: 'doing', what: 'connect' });
  await using host = await login();
  const { verb, limitMs } = options;
  const what = WHAT[verb];
  const began = performance.now();
  observe({ kind: 'waits', what, limitMs });
  const remind = () => observe({ kind: 'still-waits', what, sinceMs: performance.now() - began, limitMs });
  const timer = setInterval(remind, remindMs);
  try {
    return await drainServices(host, options, world.signal);
  } finally {
    clearInterval(timer);
  }
}
