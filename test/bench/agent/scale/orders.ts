import type { ServiceState } from '../../../../src/agent/health/health.ts';
import type { Place } from './objects.ts';

/** What a fleet's process is given, as a file. */
export interface FleetInput {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly places: readonly Place[];
  /** A token that may create those of the agents. */
  readonly token: string;
  /** A folder for the files of the tokens. */
  readonly folder: string;
}

/** A line on the standard input of a fleet. */
export type Order =
  | { readonly do: 'rest'; readonly ms: number }
  /** Every agent starts in the same moment. */
  | { readonly do: 'start' }
  /** For so long, each agent changes a service once in the period. Milliseconds. */
  | { readonly do: 'churn'; readonly ms: number; readonly periodMs: number }
  /** Every agent changes a service in the same moment. */
  | { readonly do: 'change' }
  /** Waits until each agent says that its entry is current. */
  | { readonly do: 'settle'; readonly limitMs: number }
  | { readonly do: 'end' };

/** A line on its standard output: the order was carried out. */
export interface Report {
  readonly done: Order['do'];
  /** Agents whose entry is not current. */
  readonly behind: number;
  /** Milliseconds of the order. */
  readonly ms: number;
  /** Seconds of processor time of the process since the report before. */
  readonly cpu: number;
  /** Milliseconds from each change to its write, since the report before. */
  readonly writes: readonly number[];
  /** Events of the logs since the report before, by name. */
  readonly events: Readonly<Record<string, number>>;
  /** What each agent reported last. */
  readonly states: Readonly<Record<string, Readonly<Record<string, ServiceState>>>>;
}

/** What the other caller is given. */
export type CallerInput = Omit<FleetInput, 'folder'>;

/** One request of the other caller. */
export interface CallerSample {
  /** Milliseconds since 1970 at its start. */
  readonly at: number;
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
}

/** What it writes at its end. */
export interface CallerResult {
  readonly samples: readonly CallerSample[];
  /** How often it counted up in each entry. */
  readonly counts: Readonly<Record<string, number>>;
}
