import type { Host, Output } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { callLine, callsText } from './calls.ts';
import { parseFrames } from './frames.ts';
import { kindOf } from './kinds/index.ts';
import type { Resource, Step } from './resource.ts';
import type { Probe } from './kind.ts';
import { shellFile } from '../text-files.ts';

export const PROBES = shellFile(new URL('./probes.root.sh', import.meta.url));

/** What the host answered to every probe, by resource id. Raw on purpose: it can be saved and replayed in a test. */
export type Facts = ReadonlyMap<string, Output>;

/**
 * Asks all probes in one round trip, whatever their number. Throws the Problem `probe-failed` when a probe could not look
 * (no sudo, no systemd): that must not be read as "nothing is there".
 */
export async function gatherFacts(steps: readonly Step[], host: Host, signal?: AbortSignal): Promise<Facts> {
  const { ids, asks, text } = questions(steps);
  if (asks.length === 0) return new Map();
  const command = { ...scriptCommand({ ...PROBES, args: [] }), stdin: text };
  const answer = await host.run({ ...command, timeoutMs: 120_000 }, signal);
  if (answer.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: 'the machine', ...answer });
  const frames = parseFrames(answer, asks.length);
  if (typeof frames === 'string') {
    throw reconcileProblems.factsIncomplete({ host: host.name, detail: answer.stderr.trim() || frames });
  }
  const facts = new Map([...ids].map(([id, ask]) => [id, frames[asks.indexOf(ask)] as Output]));
  for (const [id, found] of facts) {
    if (found.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: id, ...found });
  }
  return facts;
}

/** Whether two lists of steps ask the machine the very same: the facts of one are those of the other. */
export function sameProbes(one: readonly Step[], other: readonly Step[]): boolean {
  const asked = (steps: readonly Step[]): string => JSON.stringify([...questions(steps).ids]);
  return one === other || asked(one) === asked(other);
}

interface Questions {
  /** The question of each resource, by resource id. */
  readonly ids: ReadonlyMap<string, string>;
  /** Each question once: several resources may ask about one file. */
  readonly asks: readonly string[];
  readonly text: string;
}

function questions(steps: readonly Step[]): Questions {
  const probes = new Map(steps.flatMap(({ wants }) => wants.map(probe)));
  const paths = new Set([...probes.values()].flatMap(({ sees }) => sees ?? []));
  const ids = new Map([...probes].map(([id, { name, args }]) => [id, callLine('ask', name, ...args)]));
  const asks = [...new Set(ids.values())];
  return { ids, asks, text: callsText([callLine('seen', ...paths), ...asks]) };
}

function probe(want: Resource): [id: string, probe: Probe] {
  const kind = kindOf(want);
  return [kind.id(want), kind.probe(want)];
}
