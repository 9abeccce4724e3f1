import type { Change, Kind, PlannedScript } from '../kind.ts';
import { runsPresentFiles, unitState, type UnitState } from './unit-state.ts';
import { shellFile } from '../../text-files.ts';

/** A systemd unit that runs, with the present content of the files it reads. */
export interface UnitWant {
  readonly kind: 'unit';
  readonly name: string;
  /** Files the unit reads at start. It is restarted when one of them is newer than the running process. */
  readonly reads: readonly string[];
  /** Ids of further resources whose change asks for a restart (`user:istio-proxy`). */
  readonly after?: readonly string[];
  /** False: the unit must be stopped. True when absent. */
  readonly active?: boolean;
  /** Files that the running unit makes: ours, where they were absent before. */
  readonly makes?: readonly string[];
  /** Milliseconds until a start counts as failed; 90 000 when absent. */
  readonly startTimeoutMs?: number;
  /** InvocationID of a run that someone else started and that has its settings already: it goes on, and counts as ours. */
  readonly keeps?: string;
}

export const START = shellFile(new URL('./unit-start.root.sh', import.meta.url));

const KEEP = shellFile(new URL('./unit-keep.root.sh', import.meta.url));

const START_TIMEOUT_MS = 90_000;

/** Units are not read in an image, where nothing runs. */
export const unit: Kind<UnitWant> = {
  id: (want) => `unit:${want.name}`,
  probe: ({ name, reads }) => ({ name: 'unit', args: [name, ...reads], shows: name }),
  touches: ({ name, makes }) => ({ units: [name], ...(makes && { trees: makes }) }),

  changes(want, answer, touched) {
    const state = unitState(answer.stdout);
    if (state.image) return [];
    const reload = state.needsReload ? [reloadUnits(['asked'])] : reloadOfTouched(want, touched);
    if (want.active === false) return state.running ? [...reload, stop(want)] : [];
    const verb = startVerb(want, state, touched);
    if (verb === 'restart' && state.active && want.keeps === state.invocation)
      return [...reload, keep(want, want.keeps)];
    return verb ? [...reload, start(want, verb)] : [];
  },
};

function startVerb(want: UnitWant, state: UnitState, touched: ReadonlySet<string>): 'start' | 'restart' | undefined {
  const reads = want.reads.map((path) => `path:${path}`);
  const isTouched = [...reads, ...(want.after ?? [])].some((id) => touched.has(id));
  const stale = isTouched || state.needsReload || !runsPresentFiles(state);
  if (!state.running) return 'start';
  if (stale) return 'restart';
  return state.active ? undefined : 'start';
}

/**
 * For a plan that writes unit files or drop-ins, or installs a package that may bring some, where no change of a unit has made
 * systemd read them since. The units that are concerned go with it.
 */
function reloadOfTouched(want: UnitWant, touched: ReadonlySet<string>): readonly Change[] {
  const ids = [...touched];
  const since = ids.slice(ids.findLastIndex((id) => id.startsWith('unit:')) + 1);
  const named = since.flatMap((id) => /^path:.*\/systemd\/system\/([^/]+?)(?:\.d\/.*)?$/.exec(id)?.[1] ?? []);
  // systemd has no template in memory.
  const units = named.filter((name) => !name.includes('@.'));
  const packages = since.some((id) => id.startsWith('package:'));
  if (units.length === 0 && !packages) return [];
  return [reloadUnits([packages ? 'package' : 'written', ...new Set([want.name, ...units])])];
}

export const RELOAD_UNITS = shellFile(new URL('./daemon-reload.root.sh', import.meta.url));
const STOP = shellFile(new URL('./unit-stop.root.sh', import.meta.url));

function reloadUnits(args: readonly string[]): Change {
  const script = { ...RELOAD_UNITS, args };
  return { summary: "reload systemd's unit files", scripts: [{ script }] };
}

function start(want: UnitWant, verb: 'start' | 'restart'): Change {
  const timeoutMs = want.startTimeoutMs ?? START_TIMEOUT_MS;
  const args = [verb, want.name, `${timeoutMs / 1000}`, ...want.reads];
  // The limit on the machine comes first, so that its message, with the journal, is the one that is seen.
  const script: PlannedScript = { script: { ...START, args }, timeoutMs: timeoutMs + 30_000 };
  return { summary: `${verb} ${want.name}`, scripts: [script] };
}

function keep(want: UnitWant, invocation: string): Change {
  const script = { ...KEEP, args: [invocation, want.name, ...want.reads] };
  return { summary: `take over the running ${want.name} without a restart`, scripts: [{ script }] };
}

function stop(want: UnitWant): Change {
  const script = { ...STOP, args: [want.name] };
  return { summary: `stop ${want.name}`, scripts: [{ script, timeoutMs: START_TIMEOUT_MS + 30_000 }] };
}
