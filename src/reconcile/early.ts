import type { Host, Output } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { journalCommand } from './journal.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { PlannedScript } from './kind.ts';
import { openSource, type Sources } from './sources.ts';
import { measuredUpload, type Upload } from './upload.ts';
import type { FirstPicture } from './undo/first-picture.ts';

/** The output of a script, and the failure of its source. */
export interface Ran {
  readonly output: Output;
  readonly problem: Error | undefined;
}

/** A machine, and the sources of bytes for it. */
export interface Running {
  readonly host: Host;
  readonly options: {
    readonly sources: Sources;
    readonly signal?: AbortSignal;
    /** Hears how far the upload of a script is. */
    readonly sent?: (name: string, upload: Upload) => void;
  };
}

/** Runs one script of a plan with its input. Throws what `openSource` and `Host.run` throw. */
export async function runScript(
  planned: PlannedScript,
  { host, options }: Running,
  signal: AbortSignal | undefined,
): Promise<Ran> {
  const source = await openSource(planned, options.sources, signal);
  const { timeoutMs } = planned;
  const stdin = measuredUpload(source, (upload) => options.sent?.(planned.script.name, upload));
  const command = { ...scriptCommand(planned.script), stdin, ...(timeoutMs && { timeoutMs }) };
  const output = await host.run(command, signal);
  return { output, problem: await source.problem(output.exitCode) };
}

/** Which steps of a plan to run, and whether to write the journal. */
export interface EarlyOptions {
  readonly sources: Sources;
  readonly signal?: AbortSignal;
  /** Called while the input of a script is uploaded, and once at its end. */
  readonly sent?: (name: string, upload: Upload) => void;
  /** False: do not write the journal. */
  readonly journal?: boolean;
  /** The snapshot for a new journal, if it is being taken already. */
  readonly picture?: Promise<FirstPicture>;
  /** Only the steps before the checks, or only those after them; all by default. */
  readonly only?: 'before-checks' | 'after-checks';
}

/** The selected steps of a plan. Pure. */
export function askedSteps({ steps }: Plan, { only }: Pick<EarlyOptions, 'only'>): readonly PlannedStep[] {
  return steps.filter(({ when }) => only === undefined || (when === 'after-checks') === (only === 'after-checks'));
}

/**
 * Work that starts before the first change of a plan: writing the journal, and scripts that only write bytes to a directory of meshx
 * that nothing else reads (`early` in kind.ts). Needs the lock of the machine. The caller waits for it with `kept` and `taken`, or
 * disposes of this, which ends it.
 */
export class Early implements AsyncDisposable {
  readonly #running: Running;
  readonly #stop = new AbortController();
  readonly #begun = new Map<PlannedScript, Promise<Ran>>();
  /** The machine's answer about the journal; undefined if none is written. Throws what `Host.run` and `picture` throw. */
  readonly kept: Promise<Output | undefined>;

  constructor(plan: Plan, host: Host, options: EarlyOptions) {
    this.#running = { host, options };
    const steps = askedSteps(plan, options).filter(({ changes }) => changes.length > 0);
    if (!options.signal?.aborted) this.#begin(steps);
    this.kept = steps.length > 0 && options.journal !== false ? this.#keep(plan, options) : Promise.resolve(undefined);
    // A rejection is handled when its turn comes.
    this.kept.catch(() => undefined);
  }

  /** The result of a script that started early; undefined for any other. */
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

  /** One after the other: only one at a time uses the connection. */
  #begin(steps: readonly PlannedStep[]): void {
    const scripts = steps.flatMap(({ changes }) => changes.flatMap((change) => change.scripts));
    let before: Promise<unknown> = Promise.resolve();
    for (const script of scripts.filter(({ early }) => early === true)) {
      const ran = before.then(() => runScript(script, this.#running, this.#signal()));
      before = ran.catch(() => undefined);
      this.#begun.set(script, ran);
    }
  }

  #signal(): AbortSignal {
    const { signal } = this.#running.options;
    return signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
  }
}

/** Stops waiting on abort, for work that does not end with the signal. */
function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
