import type { KubeObject } from '../../mesh/kube-object.ts';
import type { ServiceHealth } from '../health/health.ts';

/** Events in one window; a flapping service must not fill etcd. */
const MOST = 10;
const WINDOW_MS = 60_000;
/** Limits of events.k8s.io/v1. */
const LONGEST_NOTE = 1024;
const LONGEST_INSTANCE = 128;

/** What an Event says. */
export interface EventText {
  /** In CamelCase, for programs. */
  readonly reason: string;
  readonly type: 'Normal' | 'Warning';
  /** For people. */
  readonly note: string;
}

/** What is said about one change of a service. */
export function serviceChange({ name, state, reason }: ServiceHealth): EventText {
  return {
    reason: `Service${state[0]?.toUpperCase() ?? ''}${state.slice(1)}`,
    type: state === 'down' || state === 'degraded' ? 'Warning' : 'Normal',
    note: `${name} is ${state}${reason === '' ? '' : `: ${reason}`}`,
  };
}

/** An Event on the entry, for events.k8s.io/v1. `sequence` makes its name unique within a millisecond. */
export function entryEvent(entry: KubeObject, text: EventText, at: Date, sequence: number): object {
  const { name, namespace, uid } = entry.metadata;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 200)}.${at.getTime().toString(16)}${sequence.toString(16)}`, namespace },
    eventTime: at.toISOString().replace('Z', '000Z'),
    reportingController: 'meshx.dev/agent',
    reportingInstance: name.slice(0, LONGEST_INSTANCE),
    action: 'Report',
    reason: text.reason,
    type: text.type,
    note: text.note.slice(0, LONGEST_NOTE),
    regarding: { apiVersion: entry.apiVersion, kind: entry.kind, namespace, name, uid },
  };
}

/** Lets ten events a minute through. `nowMs` is of a clock that never jumps. */
export class EventRate {
  readonly #sent: number[] = [];

  allow(nowMs: number): boolean {
    while (this.#sent[0] !== undefined && nowMs - this.#sent[0] >= WINDOW_MS) this.#sent.shift();
    if (this.#sent.length >= MOST) return false;
    this.#sent.push(nowMs);
    return true;
  }
}
