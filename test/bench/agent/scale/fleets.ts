import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '../../../lab/lab.ts';
import { Child } from './child.ts';
import type { FleetInput, Order, Report } from './orders.ts';

/** A process for each 250 agents: one event loop must not be what makes an answer late. */
const SIZE = 250;
/** The machines of a real fleet have processors of their own: here they give way to the servers. */
const NICE = 5;
/** Milliseconds in which a process must have its agents' tokens. */
const PREPARE = 240_000;

/** All agents, in a few processes. */
export class Fleets implements AsyncDisposable {
  readonly #children: readonly Child[];

  private constructor(children: readonly Child[]) {
    this.#children = children;
  }

  static async start(lab: Lab, folder: string, input: Omit<FleetInput, 'folder'>): Promise<Fleets> {
    const tokens = join(folder, 'tokens');
    await mkdir(tokens, { recursive: true, mode: 0o700 });
    const children: Child[] = [];
    for (let first = 0; first < input.places.length; first += SIZE) {
      const own = { ...input, folder: tokens, places: input.places.slice(first, first + SIZE) };
      children.push(
        await Child.start(lab, 'fleet', { file: join(folder, `fleet-${first}.json`), input: own, nice: NICE }),
      );
    }
    const fleets = new Fleets(children);
    await Promise.all(children.map((child) => child.line(PREPARE)));
    return fleets;
  }

  /** All processes carry out the order; their reports as one. */
  async order(order: Order, limitMs: number): Promise<Report> {
    const lines = await Promise.all(this.#children.map((child) => child.ask(order, limitMs)));
    // as: what fleet.ts writes.
    const reports = lines.map((line) => JSON.parse(line) as Report);
    return reports.reduce((sum, one) => ({
      ...joined(sum, one),
      behind: sum.behind + one.behind,
      ms: Math.max(sum.ms, one.ms),
      states: { ...sum.states, ...one.states },
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) await child[Symbol.asyncDispose]();
  }
}

/** One report after the other. */
export function followed(first: Report, then: Report): Report {
  return {
    ...joined(first, then),
    ...{ done: then.done, behind: then.behind, states: then.states },
    ms: first.ms + then.ms,
  };
}

function joined(one: Report, other: Report): Report {
  const keys = new Set([...Object.keys(one.events), ...Object.keys(other.events)]);
  const events = Object.fromEntries([...keys].map((key) => [key, (one.events[key] ?? 0) + (other.events[key] ?? 0)]));
  return { ...one, events, writes: [...one.writes, ...other.writes], cpu: one.cpu + other.cpu };
}
