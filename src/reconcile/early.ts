import type { Host, Output } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { journalCommand } from './journal.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { PlannedScript } from './kind.ts';
import { openSource, type Sources } from './sources.ts';
import type { FirstPicture } from './undo/first-picture.ts';

/** What a script said, and what was wrong with its source. */
export interface Ran {
  readonly output: Output;
  readonly problem: Error | undefined;
}

/** A machine, and where the bytes for it come from. */
export interface Running {
  readonly host: Host;
  readonly options: { readonly sources: Sources; readonly signal?: AbortSignal };
}

/** Runs one script of a plan with what it reads. Throws what `openSource` and `Host.run` throw. */
export async function runScript(
  planned: PlannedScript,
  { host, options }: Running,
  signal: AbortSignal | undefined,
): Promise<Ran> {
  const source = await openSource(planned, options.sources, signal);
  const { timeoutMs } = planned;
  const command = { ...scriptCommand(planned.script), stdin: source.stdin, ...(timeoutMs && { timeoutMs }) };
  const output = await host.run(command, signal);
  return { output, problem: await source.problem(output.exitCode) };
}

/** What is asked of a plan, and whether the state before is kept. */
export interface EarlyOptions {
  readonly sources: Sources;
  readonly signal?: AbortSignal;
  /** False: the state before is not kept. */
  readonly journal?: boolean;
  /** The picture for a journal that has not begun, when it is being taken already. */
  readonly picture?: Promise<FirstPicture>;
  /** Only the steps before the proof, or only those that wait for it; all when absent. */
  readonly only?: 'before-checks' | 'after-checks';
}

/** The steps of a plan that are asked for. Pure. */
export function askedSteps({ steps }: Plan, { only }: Pick<EarlyOptions, 'only'>): readonly PlannedStep[] {
  return steps.filter(({ when }) => only === undefined || (when === 'after-checks') === (only === 'after-checks'));
}

/**
 * What begins before the first change of a plan has its turn, beside what else comes before that: the state before is kept, and
 * scripts run that only lay down bytes in a folder of meshx that nothing else looks into (`early` in resource.ts). Needs the
 * lock of the machine. Whoever has begun one waits for its end: with `kept` and `taken` when its turn has come, else when this is
 * disposed, which ends it.
 */
export class Early implements AsyncDisposable {
  readonly #running: Running;
  readonly #stop = new AbortController();
  readonly #begun = new Map<PlannedScript, Promise<Ran>>();
  /** What the machine said of the journal; undefined when nothing is kept. Throws what `Host.run` throws, and what `picture` throws. */
  readonly kept: Promise<Output | undefined>;

  constructor(plan: Plan, host: Host, options: EarlyOptions) {
    this.#running = { host, options };
    const steps = askedSteps(plan, options).filter(({ changes }) => changes.length > 0);
    if (!options.signal?.aborted) this.#begin(steps);
    this.kept = steps.length > 0 && options.journal !== false ? this.#keep(plan, options) : Promise.resolve(undefined);
    // What it throws is met when its turn comes.
    this.kept.catch(() => undefined);
  }

  /** What became of a script that was begun; undefined for any other. */
  taken(planned: PlannedScript): Promise<Ran> | undefined {
    return this.#begun.get(planned);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.kept, ...this.#begun.values()]);
  }

  async #keep(plan: Plan, { picture }: EarlyOptions): Promise<Output | undefined> {
    const signal = this.#signal();
    const journal = journalCommand(plan, picture && (await unlessAborted(picture, signal)));
    return journal && (await this.#running.host.run(journal, signal));
  }

  /** The first one of the steps: one at a time has all of the link. */
  #begin(steps: readonly PlannedStep[]): void {
    const scripts = steps.flatMap(({ changes }) => changes.flatMap((change) => change.scripts));
    const first = scripts.find(({ early }) => early === true);
    if (!first) return;
    const ran = runScript(first, this.#running, this.#signal());
    ran.catch(() => undefined);
    this.#begun.set(first, ran);
  }

  #signal(): AbortSignal {
    const { signal } = this.#running.options;
    return signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }
}

/** For what was begun by others and does not end with the signal. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
