import type { Host, Output } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import type { PlannedStep } from './plan.ts';
import type { PlannedScript } from './resource.ts';
import { openSource, type Sources } from './sources.ts';

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
  return { output: await host.run(command, signal), problem: source.problem() };
}

/**
 * Scripts of a plan that begin before their turn, beside what comes before them, because they only lay down bytes in a folder
 * of meshx that nothing else looks into (`early` in resource.ts). Whoever has begun one waits for its end: with `taken` when
 * its turn has come, else when this is disposed, which ends it.
 */
export class Early implements AsyncDisposable {
  readonly #running: Running;
  readonly #stop = new AbortController();
  readonly #begun = new Map<PlannedScript, Promise<Ran>>();

  constructor(host: Host, options: Running['options']) {
    this.#running = { host, options };
  }

  /** Begins the first one of the steps: one at a time has all of the link. */
  begin(steps: readonly PlannedStep[]): void {
    const scripts = steps.flatMap(({ changes }) => changes.flatMap((change) => change.scripts));
    const first = scripts.find(({ early }) => early === true);
    const { signal } = this.#running.options;
    if (!first || signal?.aborted) return;
    const either = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    const ran = runScript(first, this.#running, either);
    // What it throws is met when its turn comes.
    ran.catch(() => undefined);
    this.#begun.set(first, ran);
  }

  /** What became of a script that was begun; undefined for any other. */
  taken(planned: PlannedScript): Promise<Ran> | undefined {
    return this.#begun.get(planned);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#begun.values());
  }
}
