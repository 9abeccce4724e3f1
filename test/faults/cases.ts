import { COMMAND_FAULTS, type Fault, REQUEST_FAULTS } from './faults.ts';

/** The commands of meshx that meet faults. */
export const OPERATIONS = ['up', 'configure', 'down', 'rejoin', 'upgrade'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Which kind of machine and of operator a case has. */
export interface Variant {
  /** What runs on the VM; its connections of before are the ones that must live on. */
  readonly service: 'http' | 'mysql';
  readonly user: 'root' | 'operator';
  /** The machine's owner has set port 22 to be captured. */
  readonly trap: boolean;
  /** The VM joins with the agent. */
  readonly agent: boolean;
}

export interface FaultCase extends Variant {
  readonly operation: Operation;
  readonly fault: Fault;
  /** Name of the command or the request that meets it. */
  readonly step: string;
}

/** What one clean run of an operation did: the names of its commands and requests in their order. */
export interface Course extends Omit<Variant, 'trap'> {
  readonly operation: Operation;
  readonly commands: readonly string[];
  readonly requests: readonly string[];
}

/** `up/http/root/command-12/cut-after`; the same word finds the case again. */
export function caseId({ operation, service, user, agent, trap, fault }: FaultCase): string {
  const extras = [...(agent ? ['agent'] : []), ...(trap ? ['port22'] : [])];
  return [operation, service, user, ...extras, `${fault.where}-${fault.at}`, fault.what].join('/');
}

/** Every step of each course × every fault. */
export function allCases(courses: readonly Course[]): readonly FaultCase[] {
  return courses.flatMap(({ commands, requests, ...course }) => {
    const known = { ...course, trap: false };
    const atCommands = commands.flatMap((step, index) =>
      COMMAND_FAULTS.map((what): FaultCase => ({ ...known, step, fault: { where: 'command', at: index + 1, what } })),
    );
    const atRequests = requests.flatMap((step, index) =>
      REQUEST_FAULTS.map((what): FaultCase => ({ ...known, step, fault: { where: 'request', at: index + 1, what } })),
    );
    // Only `up` runs when the owner wants port 22 captured: it refuses, so nothing comes after it. The agent is no part of that.
    const trapped =
      course.operation === 'up' && !course.agent ? atCommands.map((each) => ({ ...each, trap: true })) : [];
    return [...atCommands, ...atRequests, ...trapped];
  });
}

/** A number from 0 to 1 for each call, the same row for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The cases of a run, the same for the same seed and courses: each kind of fault of each operation has its turn before one
 * has its second.
 */
export function chooseCases(all: readonly FaultCase[], { seed, count }: { seed: number; count: number }): FaultCase[] {
  const random = randomOf(seed);
  const kinds = new Map<string, FaultCase[]>();
  for (const each of shuffled(all, random)) {
    const kind = `${each.operation} ${each.fault.where} ${each.fault.what} ${each.trap}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), each]);
  }
  const order = shuffled([...kinds.keys()], random);
  const chosen: FaultCase[] = [];
  for (let turn = 0; chosen.length < Math.min(count, all.length); turn += 1) {
    const round = order.flatMap((kind) => kinds.get(kind)?.[turn] ?? []);
    chosen.push(...round.slice(0, count - chosen.length));
  }
  return chosen;
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  return all
    .map((each) => ({ each, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ each }) => each);
}
