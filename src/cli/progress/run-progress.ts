import type { VmReport } from '../../operations/vm-report.ts';
import type { Terminal } from '../../terminal.ts';
import type { Say, World } from '../../world.ts';
import type { Surroundings } from '../command.ts';
import { marked } from '../print.ts';
import { boardLines, FRAME_MS, onlyLine } from './board.ts';
import { detailLines } from './detail-lines.ts';
import { after, ended, isProgress, type Outcome, type VmState, waiting } from './vm-state.ts';

/** One VM of a run. */
export interface VmProgress {
  /** Prints lines about it. With a line for each of many VMs on a screen, only -v prints them. */
  readonly say: Say;
  /** Hears every event of a use case; those that it does not know are nothing to it. */
  readonly watch: (event: { readonly kind: string }) => void;
  readonly ended: (outcome: Outcome, reason?: string) => void;
}

/** The VMs of a run, and where their lines go. */
interface Watched {
  readonly vms: readonly string[];
  /** Lines of the plan go to stdout: a dry run for people. */
  readonly onStdout: boolean;
}

/**
 * The view of a run while it goes on: on a screen one line for a single VM, or one for each VM; elsewhere the lines that are said.
 * Dispose of it before the result is printed.
 */
export class RunProgress implements Disposable {
  readonly #terminal: Terminal;
  readonly #now: World['now'];
  readonly #watched: Watched;
  readonly #states: Map<string, VmState>;
  #timer: NodeJS.Timeout | undefined;

  constructor({ terminal, world }: Surroundings, watched: Watched) {
    this.#terminal = terminal;
    this.#now = world.now;
    this.#watched = watched;
    this.#states = new Map(watched.vms.map((vm) => [vm, waiting(vm)]));
    if (this.#isLive) this.#timer = setInterval(() => this.draw(), FRAME_MS).unref();
  }

  /** Adds VMs that became known later. */
  add(vms: readonly string[]): void {
    for (const vm of vms) if (!this.#states.has(vm)) this.#states.set(vm, waiting(vm));
  }

  of(vm: string): VmProgress {
    const { vms } = this.#watched;
    const detail = marked((lines) => this.#terminal.tell('verbose', lines), vms, vm);
    return {
      say: marked(this.#say, vms, vm),
      watch: (event) => {
        if (!isProgress(event)) return;
        this.#set(after(this.#state(vm), event, this.#at));
        const lines = detailLines(event);
        if (lines.length > 0) detail(lines);
      },
      ended: (outcome, reason) => this.#set(ended(this.#state(vm), outcome, { at: this.#at, reason })),
    };
  }

  /** Shows the state of now. */
  draw(): void {
    if (!this.#isLive) return;
    const { live } = this.#terminal;
    const states = [...this.#states.values()];
    const [only] = states;
    if (states.length === 1 && only) live?.show(onlyLine(only, this.#at));
    else if (only) live?.show(boardLines(states, this.#at, live.room()));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#isLive) this.#terminal.live?.show([]);
    this.#timer = undefined;
  }

  get #isLive(): boolean {
    return this.#terminal.live !== undefined && this.#terminal.verbosity !== 'quiet';
  }

  get #at(): number {
    return this.#now().getTime();
  }

  #state(vm: string): VmState {
    return this.#states.get(vm) ?? waiting(vm);
  }

  #set(state: VmState): void {
    this.#states.set(state.vm, state);
    // Many VMs have hundreds of events between two frames.
    if (this.#states.size === 1) this.draw();
  }

  #say: Say = (lines) => {
    const { vms, onStdout } = this.#watched;
    if (onStdout) return this.#terminal.out([lines].flat());
    this.#terminal.tell(this.#isLive && vms.length > 1 ? 'verbose' : 'normal', lines);
  };
}

/** Shows the view while a run goes on, and removes it at the end. */
export async function during<Value>(progress: RunProgress, run: () => Promise<Value>): Promise<Value> {
  using _ = progress;
  return await run();
}

/** The view hears of each event before the observer that prints it. */
export function watched<Event extends { readonly kind: string }>(
  watch: VmProgress['watch'],
  observe: (event: Event) => void,
): (event: Event) => void {
  return (event) => {
    watch(event);
    observe(event);
  };
}

const OUTCOMES = { planned: 'ok', unchanged: 'ok', changed: 'changed', failed: 'failed' } as const;

/** How a use case ended for its VM. A plan that was only shown changed nothing. */
export function endOf({
  status,
  problem,
}: Pick<VmReport<unknown>, 'status' | 'problem'>): [Outcome, string | undefined] {
  return [OUTCOMES[status], problem?.message.split('\n')[0]];
}
