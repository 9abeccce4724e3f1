import type { KubeObject } from '../../mesh/kube-object.ts';
import type { ServiceHealth } from '../health/health.ts';

/** Events in one window; a flapping service must not fill etcd. */
const MOST = 10;
const WINDOW_MS = 60_000;
/** Limits of events.k8s.io/v1. */
const LONGEST_NOTE = 1024;
const LONGEST_INSTANCE = 128;

/** The Event of one change of a service, for events.k8s.io/v1. `sequence` makes its name unique within a millisecond. */
export function serviceEvent(entry: KubeObject, service: ServiceHealth, at: Date, sequence: number): object {
  const { name, namespace, uid } = entry.metadata;
  const { state, reason } = service;
  const note = `${service.name} is ${state}${reason === '' ? '' : `: ${reason}`}`;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name.slice(0, 200)}.${at.getTime().toString(16)}${sequence.toString(16)}`, namespace },
    eventTime: at.toISOString().replace('Z', '000Z'),
    reportingController: 'meshx.dev/agent',
    reportingInstance: name.slice(0, LONGEST_INSTANCE),
    action: 'Report',
    reason: `Service${state[0]?.toUpperCase() ?? ''}${state.slice(1)}`,
    type: state === 'down' || state === 'degraded' ? 'Warning' : 'Normal',
    note: note.slice(0, LONGEST_NOTE),
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
