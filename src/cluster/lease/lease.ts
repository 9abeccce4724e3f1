import { MANAGED_BY, type KubeObject, type ObjectRef } from '../../mesh/kube-object.ts';
import { mapping, text, textMapping } from '../../mesh/unknown.ts';
import type { Kubernetes } from '../api/kubernetes.ts';

export interface LeasePlace {
  readonly namespace: string;
  readonly name: string;
}

/** A Lease as it was read or written. */
export interface LeaseState {
  /** Its resourceVersion: a write with it fails if anything changed in between. */
  readonly version: string;
  /** Absent when it is free. */
  readonly holder?: string;
  /** When its holder took it; ISO 8601. */
  readonly acquired?: string;
  readonly renewed?: string;
  /** How long it is valid after a renewal; by whom it is held decides. */
  readonly seconds: number;
  readonly annotations: Readonly<Record<string, string>>;
}

const API = 'coordination.k8s.io/v1';
const DEFAULT_SECONDS = 15;

export function leaseRef({ namespace, name }: LeasePlace): ObjectRef {
  return { apiVersion: API, kind: 'Lease', namespace, name };
}

/** Undefined when there is none. */
export async function readLease(
  kube: Kubernetes,
  place: LeasePlace,
  signal?: AbortSignal,
): Promise<LeaseState | undefined> {
  const found = await kube.get(leaseRef(place), signal);
  return found && stateOf(found);
}

/** Creates a free Lease. Another run may have done so, and may hold it: it is not touched then. */
export async function createLease(kube: Kubernetes, place: LeasePlace, signal?: AbortSignal): Promise<void> {
  await kube.create?.({ apiVersion: API, kind: 'Lease', metadata: { ...place, labels: MANAGED_BY } }, signal);
}

/** Writes a Lease over the state that was read. Throws `cluster-changed-meanwhile` if it is no longer that. */
export async function writeLease(
  kube: Kubernetes,
  place: LeasePlace,
  { version, holder, acquired, renewed, seconds, annotations }: LeaseState,
  signal?: AbortSignal,
): Promise<LeaseState> {
  const spec =
    holder === undefined
      ? {}
      : { holderIdentity: holder, leaseDurationSeconds: seconds, acquireTime: acquired, renewTime: renewed };
  const metadata = { ...place, labels: MANAGED_BY, annotations, resourceVersion: version };
  const written = await kube.apply({ apiVersion: API, kind: 'Lease', metadata, spec }, signal ? { signal } : {});
  return stateOf(written);
}

/** The time of a Lease has microseconds (meta/v1 MicroTime). */
export function microTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}

function stateOf({ metadata, ...object }: KubeObject): LeaseState {
  const { holderIdentity, acquireTime, renewTime, leaseDurationSeconds: seconds } = mapping(object['spec']);
  const [holder, acquired, renewed] = [text(holderIdentity), text(acquireTime), text(renewTime)];
  return {
    version: String(metadata['resourceVersion'] ?? ''),
    ...(holder !== undefined && {
      holder,
      ...(acquired !== undefined && { acquired }),
      ...(renewed !== undefined && { renewed }),
    }),
    seconds: typeof seconds === 'number' && seconds > 0 && seconds < 3600 ? seconds : DEFAULT_SECONDS,
    annotations: textMapping(metadata.annotations),
  };
}
