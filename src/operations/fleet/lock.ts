import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { HeldLease, LEASE_TIMES, type LeaseTimes } from '../../cluster/lease/held-lease.ts';
import { createLease, type LeasePlace, leaseRef, type LeaseState, readLease } from '../../cluster/lease/lease.ts';
import { type FleetRecord, readRecord } from '../../fleet/record.ts';
import { showRef } from '../../mesh/kube-object.ts';
import { Problem } from '../../problems.ts';
import { clusterProblems } from '../../problems/cluster.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { authorOf } from '../../who.ts';
import type { World } from '../../world.ts';

/** The Lease of a fleet, and how a refusal names the command. */
export interface FleetPlace {
  readonly kube: Kubernetes;
  readonly fleet: string;
  readonly istioNamespace: string;
  /** The command that continues. */
  readonly again: string;
}

/** What the cluster keeps of a fleet, as it was read. */
export interface FoundFleet {
  /** Absent before its first run, and for a folder of manifests. */
  readonly lease?: LeaseState;
  readonly record: FleetRecord;
}

function placeOf({ fleet, istioNamespace }: FleetPlace): LeasePlace {
  return { namespace: istioNamespace, name: `meshx-fleet-${fleet}` };
}

/** Reads the record of a fleet. Throws `fleet-record-unreadable`. */
export async function readFleet(place: FleetPlace, signal: AbortSignal): Promise<FoundFleet> {
  if (!place.kube.live) return { record: { members: {} } };
  const lease = await readLease(place.kube, placeOf(place), signal);
  const record = readRecord(lease?.annotations ?? {});
  if ('reason' in record) throw fleetProblems.recordUnreadable({ lease: showRef(leaseRef(placeOf(place))), ...record });
  return { record, ...(lease && { lease }) };
}

/**
 * Reads the record of a fleet that no one is changing. A lease that is held is watched by this machine's own clock: if its holder renews
 * it, it is refused; if not, the holder is dead. Throws `fleet-locked`.
 */
export async function readFreeFleet(world: World, place: FleetPlace): Promise<FoundFleet> {
  const first = await readFleet(place, world.signal);
  const { lease } = first;
  if (lease?.holder === undefined) return first;
  const { holder, renewed, seconds } = lease;
  world.note(
    `fleet ${place.fleet} is held by ${nameOf(holder)}; waiting up to ${seconds} s to see whether it still runs`,
  );
  const end = performance.now() + seconds * 1000;
  for (;;) {
    await delay(Math.min(500, seconds * 50), undefined, { signal: world.signal }).catch((error: unknown) => {
      throw clusterProblems.interrupted({ request: 'wait for the lock of the fleet' }, error);
    });
    const now = await readFleet(place, world.signal);
    if (now.lease?.holder === undefined) return now;
    if (now.lease.holder !== holder || now.lease.renewed !== renewed) throw locked(place, now.lease);
    if (performance.now() > end) return now;
  }
}

/**
 * Takes the lock over the state that the plan was made from: if anyone has changed the fleet since, it is refused. Undefined for a folder
 * of manifests, which has no locks. Throws `fleet-locked`.
 */
export async function takeFleet(
  world: World,
  place: FleetPlace,
  { lease }: FoundFleet,
  times: LeaseTimes = LEASE_TIMES,
): Promise<HeldLease | undefined> {
  const { kube } = place;
  if (!kube.live) return undefined;
  const at = placeOf(place);
  if (!lease) await createLease(kube, at, world.signal);
  const seen = lease ?? (await readLease(kube, at, world.signal));
  if (!seen || (!lease && seen.holder !== undefined)) throw locked(place, seen);
  const holder = `${authorOf(world).who}/${randomBytes(6).toString('hex')}`;
  try {
    return await HeldLease.take({ kube, place: at, holder, now: world.now, times }, seen);
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== clusterProblems.changedMeanwhile.id) throw error;
    throw locked(place, await readLease(kube, at, world.signal));
  }
}

function locked({ fleet, again }: FleetPlace, lease: LeaseState | undefined): Problem {
  const who = lease?.holder === undefined ? 'another run, which has ended,' : nameOf(lease.holder);
  return fleetProblems.locked({ fleet, again, who, since: lease?.acquired?.replace(/\.\d+Z$/, 'Z') ?? 'a moment ago' });
}

/** Without the number of the run. */
function nameOf(holder: string): string {
  return holder.replace(/\/[0-9a-f]{12}$/, '');
}
