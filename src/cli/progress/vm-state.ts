import type { Result } from '../../checks/check.ts';
import type { ChangeEvent } from '../../operations/change/event.ts';
import type { DrainEvent } from '../../operations/drain.ts';
import type { Upload } from '../../reconcile/upload.ts';

/** How the run ended for a VM. `ok`: it was up to date. */
export type Outcome = 'ok' | 'changed' | 'failed' | 'skipped';

const KINDS = ['doing', 'began', 'phase', 'sent', 'heard', 'waited', 'waits'] as const;

/** The events of a use case that show how far it is. */
export type ProgressEvent = Extract<ChangeEvent<Result> | DrainEvent, { kind: (typeof KINDS)[number] }>;

/** Whether an event of any use case is one of them. */
export function isProgress(event: { readonly kind: string }): event is ProgressEvent {
  return KINDS.some((kind) => kind === event.kind);
}

/** What is known of a VM while a run goes on. Times are milliseconds since 1970. */
export interface VmState {
  readonly vm: string;
  readonly status: 'waiting' | 'running' | Outcome;
  /** When its first event came, and when it ended. */
  readonly since?: number;
  readonly until?: number;
  /** What is being done, in order; steps that share a command all have begun. */
  readonly doing: readonly Doing[];
  /** Title of the step that ended last. */
  readonly last?: string;
  /** Uploads by the name of their script. */
  readonly uploads: Readonly<Record<string, Upload>>;
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

interface Doing {
  readonly id: string;
  readonly title: string;
  readonly since: number;
  /** How long it may take, in milliseconds. */
  readonly limitMs?: number;
}

/** A VM before its first event. */
export function waiting(vm: string): VmState {
  return { vm, status: 'waiting', doing: [], uploads: {} };
}

const TITLES = { connect: 'Connect', inspect: 'Inspect the VM' } as const;

/** The state after an event that came at this time. Pure. */
export function after(state: VmState, event: ProgressEvent, at: number): VmState {
  const running: VmState = { ...state, status: 'running', since: state.since ?? at };
  switch (event.kind) {
    case 'doing':
      return { ...running, doing: [{ id: event.what, title: TITLES[event.what], since: at }] };
    case 'waits':
      return {
        ...running,
        doing: [{ id: event.kind, title: `Wait ${event.what}`, since: at, limitMs: event.limitMs }],
      };
    case 'heard':
    case 'waited':
      return running;
    case 'began':
      return { ...running, doing: [...phasesOnly(state), { ...event.phase, since: at }] };
    case 'phase':
      return {
        ...{ ...running, last: event.phase.title },
        doing: phasesOnly(state).filter(({ id }) => id !== event.phase.id),
      };
    case 'sent':
      return { ...running, uploads: { ...state.uploads, [event.name]: event.upload } };
  }
}

/** The first phase ends the inspection. */
function phasesOnly({ doing }: VmState): readonly Doing[] {
  return doing.filter(({ id }) => !(id in TITLES));
}

/** The state at the end of the run of this VM. Pure. */
export function ended(
  state: VmState,
  outcome: Outcome,
  { at, reason }: { readonly at: number; readonly reason?: string | undefined },
): VmState {
  return { ...state, status: outcome, until: at, doing: [], ...(reason !== undefined && { reason }) };
}
