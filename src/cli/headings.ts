import type { Result } from '../checks/check.ts';
import type { ChangeEvent, Observer, PhaseReport } from '../operations/change/event.ts';
import type { Phase, PhaseKind } from '../operations/change/phases.ts';
import type { Lines, Say } from '../world.ts';
import { formatHeading, formatPhase, linesOfChange, type Telling } from './change-text.ts';

/** A phase that has begun. */
interface Open {
  readonly key: string;
  readonly phase: Phase;
  /** Whether its heading is printed. */
  isHeaded: boolean;
  /** Lines that wait for the end of an earlier phase. */
  readonly held: Lines[];
}

/** Events that are about a phase while it runs. */
const OWNERS: Readonly<Record<string, readonly PhaseKind[]>> = {
  result: ['verify', 'compare'],
  compared: ['compare'],
  armed: ['arm', 'take-over'],
  draining: ['drain', 'stop'],
  confirmed: ['confirm'],
};

/**
 * Prints what happens to a VM, each line below the heading of its phase. A heading is printed before the first line about its phase, else
 * at the end of the phase. Phases may overlap: their lines are printed in the order in which they began. Of a plan that was printed
 * before a question, the changes are not repeated.
 */
export function underHeadings<Event extends { readonly kind: string }>(
  say: Say,
  linesOf: (event: Event) => Lines | undefined,
): (event: Event) => void {
  const page = new Page(say);
  return (event) => {
    const { phase } = event as { readonly phase?: Phase & PhaseReport };
    if (event.kind === 'began' && phase) page.begin(phase);
    else if (event.kind === 'phase' && phase) page.end(phase);
    else page.add(OWNERS[event.kind] ?? [], linesOf(event) ?? []);
  };
}

/** Prints the events of a change. */
export function tellChange(telling: Telling): Observer<Result> {
  return underHeadings(telling.say, (event: ChangeEvent<Result>) => linesOfChange(event, telling));
}

/** Prints the events of a change whose phases are in its report: nothing waits for a heading that never comes. */
export function tellMeanwhile(telling: Telling): Observer<Result> {
  return (event) => {
    const lines = event.kind === 'phase' ? undefined : linesOfChange(event, telling);
    if (lines !== undefined) telling.say(lines);
  };
}

class Page {
  readonly #say: Say;
  readonly #open: Open[] = [];
  /** The changes of phases that were printed and not yet carried out. */
  readonly #planned = new Map<string, string>();

  constructor(say: Say) {
    this.#say = say;
  }

  begin(phase: Phase): void {
    this.#open.push({ key: keyOf(phase), phase, isHeaded: false, held: [] });
  }

  add(owners: readonly PhaseKind[], lines: Lines): void {
    if (lines.length === 0) return;
    const owner = this.#open.find(({ phase }) => owners.includes(phase.kind));
    if (!owner) return this.#say(lines);
    owner.held.push(lines);
    if (owner === this.#open[0]) this.#flush(owner);
  }

  end(phase: PhaseReport): void {
    const at = this.#open.findIndex(({ key }) => key === keyOf(phase));
    const [open] = at < 0 ? [] : this.#open.splice(at, 1);
    if (open) this.#flush(open);
    const lines = this.#news(phase);
    // The heading says that it was done; any other end is printed as one more line.
    const rest = open?.isHeaded === true && phase.status === 'changed' ? lines.slice(1) : lines;
    if (rest.length > 0) this.#say(rest);
    const [next] = this.#open;
    if (next) this.#flush(next);
  }

  /** What is not yet printed of a phase. Another plan than the printed one is printed in full. */
  #news(phase: PhaseReport): readonly string[] {
    const [key, changes] = [keyOf(phase), phase.changes.join('\n')];
    const isPrinted = this.#planned.get(key) === changes;
    if (phase.status === 'planned' || phase.status === 'unchanged') this.#planned.set(key, changes);
    if (isPrinted && phase.status === 'unchanged') return [];
    return formatPhase(isPrinted && phase.status === 'changed' ? { ...phase, changes: [] } : phase);
  }

  #flush(open: Open): void {
    const lines = open.held.splice(0);
    if (lines.length === 0) return;
    if (!open.isHeaded) this.#say(formatHeading('changed', open.phase.title));
    open.isHeaded = true;
    for (const each of lines) this.#say(each);
  }
}

function keyOf({ kind, id }: Phase): string {
  return `${kind} ${id}`;
}
