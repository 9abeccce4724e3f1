import type { ChangeEvent, PhaseReport } from '../operations/change/event.ts';
import type { Result } from '../checks/check.ts';
import { showConnections } from '../vm/drain.ts';
import type { Lines, Say } from '../world.ts';

/** The VM of a change, and where to print. */
export interface Telling {
  readonly vm: string;
  readonly say: Say;
  /** The command that continues after a failure. */
  readonly again: string;
}

const MARKS: Readonly<Record<PhaseReport['status'], string>> = {
  unchanged: '=',
  planned: '+',
  changed: '+',
  failed: 'x',
  skipped: '-',
};

/** The line of a phase. */
export function formatHeading(status: PhaseReport['status'], title: string): string {
  return `${MARKS[status]} ${title}`;
}

/** A phase with its changes, then its observations. */
export function formatPhase({ status, title, changes, seen }: Omit<PhaseReport, 'id' | 'kind' | 'ms'>) {
  return [
    formatHeading(status, title),
    ...changes.map((change) => `    ${change}`),
    ...seen.map((line) => `      ${line}`),
  ];
}

/** `ok`, `FAILED` or `skipped`, the good condition, and what was seen. */
export function formatCheck({ ok, id, title, detail, hint, ms }: Result): readonly string[] {
  const word = ok === 'skipped' ? 'skipped' : ok ? 'ok' : 'FAILED';
  const line = `${word.padEnd(7)} ${title} (${detail}; ${ms} ms) [${id}]`;
  return ok === false && hint ? [line, `        hint: ${hint}`] : [line];
}

/** What is printed of an event; undefined for nothing. */
export function linesOfChange(event: ChangeEvent<Result>, { vm, again }: Telling): Lines | undefined {
  switch (event.kind) {
    case 'phase':
      return formatPhase(event.phase);
    case 'result':
      return formatCheck(event.result);
    case 'note':
      return `note: ${event.text.replace(/^note: /, '')}`;
    case 'inspected-again':
      return `note: another run changed ${vm} a moment ago; it was inspected again`;
    case 'draining':
      return `${vm}: ${showConnections(event.connections)}; up to ${event.limitMs / 1000} s for them to end by themselves`;
    case 'armed':
      return `${vm} rolls itself back at ${event.until.toTimeString().slice(0, 8)} unless a new login confirms the change`;
    case 'confirmed':
      return `ok      a new login confirms the change (${event.ms} ms) [confirmed]`;
    case 'rolled-back':
      return `+ Roll back: ${event.kept ? 'nothing had been started; what ran before is left running' : 'capture is off'}`;
    case 'not-rolled-back':
      return `x Roll back: ${event.reason}`;
    case 'returned':
      return event.changes.map((line) => `+ ${line}, as its sidecar is ready`);
    case 'not-returned':
      return `${vm} may be out of rotation; it returns with: ${again} --restart (${event.reason})`;
    case 'doing':
    case 'began':
    case 'sent':
    case 'heard':
    case 'waited':
      return undefined;
  }
}
