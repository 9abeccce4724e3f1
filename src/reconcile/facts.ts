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

/** The host's answers to all probes, by resource id. Raw, so a test can save and replay them. */
export type Facts = ReadonlyMap<string, Output>;

/**
 * Runs all probes in one round trip. Throws the Problem `probe-failed` if a probe cannot read (no sudo, no systemd), which must not look
 * like "nothing exists".
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

/** Whether two lists of steps have the same probes, so the facts of one are valid for the other. */
export function sameProbes(one: readonly Step[], other: readonly Step[]): boolean {
  const asked = (steps: readonly Step[]): string => JSON.stringify([...questions(steps).ids]);
  return one === other || asked(one) === asked(other);
}

interface Questions {
  /** The probe of each resource, by resource id. */
  readonly ids: ReadonlyMap<string, string>;
  /** Each probe once: several resources may read one file. */
  readonly asks: readonly string[];
  readonly text: string;
}

function questions(steps: readonly Step[]): Questions {
  const probes = new Map(steps.flatMap(({ wants }) => wants.map(probe)));
  const paths = new Set([...probes.values()].flatMap(({ sees }) => sees ?? []));
  const units = new Set([...probes.values()].flatMap(({ shows }) => shows ?? []));
  const ids = new Map([...probes].map(([id, { name, args }]) => [id, callLine('ask', name, ...args)]));
  const asks = [...new Set(ids.values())];
  return { ids, asks, text: callsText([callLine('seen', ...paths), callLine('shown', ...units), ...asks]) };
}

function probe(want: Resource): [id: string, probe: Probe] {
  const kind = kindOf(want);
  return [kind.id(want), kind.probe(want)];
}
