import { setTimeout as delay } from 'node:timers/promises';
import type { ListChange } from '../../cluster/api/kubernetes.ts';
import { isNudge } from '../../cluster/registration/nudge.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import { present } from '../../present.ts';
import { Problem } from '../../problems.ts';
import { manifestProblems } from '../../problems/manifests.ts';
import type { World } from '../../world.ts';
import { batches } from './batches.ts';
import type { MeshStatus } from './mesh-status.ts';
import { namespaceOf, readObjects, sound, type StatusObjects } from './read-objects.ts';
import {
  hasGroups,
  openMesh,
  type OpenMesh,
  readStatus,
  refuseUnknown,
  statusOfObjects,
  type StatusOptions,
} from './status.ts';

/** Changes within this time are one, in milliseconds. */
const QUIET_MS = 200;
/** Before a watch is opened again, in milliseconds. */
const AGAIN_MS = 1000;
const AFTER_FAILURE_MS = 5000;

/**
 * The status of the mesh, and again after each change of an entry, until the signal aborts. A cluster that cannot be reached any more is a
 * note, and is asked again. Throws what `meshStatus` throws, before the first status, and `no-watch` for a folder of manifests.
 */
export async function* followStatus(world: World, options: StatusOptions): AsyncIterable<MeshStatus> {
  const mesh = await openMesh(world, options);
  if (!mesh.kube.follow) throw manifestProblems.noWatch({ cluster: mesh.kube.name });
  const { signal } = world;
  let isFirst = true;
  let said = '';
  while (!signal.aborted) {
    let pause = AGAIN_MS;
    try {
      for await (const status of watched(world, mesh, options)) {
        if (isFirst) refuseUnknown(status, options.vms);
        isFirst = false;
        said = '';
        yield status;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Problem) || isFirst) throw error;
      if (error.message !== said) world.note(`note: ${error.message} Trying again until Ctrl-C.`);
      [said, pause] = [error.message, AFTER_FAILURE_MS];
    }
    await delay(pause, undefined, { signal }).catch(() => undefined);
  }
}

/** First the status as it is, then that after each change, until the API server ends the watch. */
async function* watched(world: World, mesh: OpenMesh, options: StatusOptions): AsyncIterable<MeshStatus> {
  const { signal } = world;
  if (!hasGroups(mesh)) {
    yield await readStatus(world, mesh, options);
    for await (const _batch of changesOf(mesh, { kind: 'Endpoints', apiVersion: 'v1' }, options.namespace, signal))
      yield await readStatus(world, mesh, options);
    return;
  }
  let objects = await readObjects(mesh.kube, { signal, ...present({ namespace: options.namespace }) });
  yield statusOfObjects(world, mesh, objects, options.vms);
  const query = { kind: 'WorkloadEntry', apiVersion: NETWORKING };
  for await (const batch of changesOf(mesh, query, objects.namespace, signal)) {
    objects = isOfKnown(objects, batch)
      ? withChanges(objects, batch)
      : // A new VM may have a new WorkloadGroup and new Services, and one that left may have taken its own along.
        await readObjects(mesh.kube, { signal, ...present({ namespace: options.namespace }) });
    yield statusOfObjects(world, mesh, objects, options.vms);
  }
}

function changesOf(
  { kube }: OpenMesh,
  query: { readonly apiVersion: string; readonly kind: string },
  namespace: string | undefined,
  signal: AbortSignal,
): AsyncIterable<readonly ListChange[]> {
  if (!kube.follow) throw manifestProblems.noWatch({ cluster: kube.name });
  return batches(kube.follow({ ...query, ...present({ namespace }) }, signal), QUIET_MS, signal);
}

/** Whether a batch brings no new entry and takes none away. */
function isOfKnown({ namespaces }: StatusObjects, batch: readonly ListChange[]): boolean {
  const known = new Set([...namespaces.values()].flatMap(({ entries }) => entries.map(keyOf)));
  return batch.every((change) => {
    if (change.kind !== 'all')
      return change.kind === 'put' && (isNudge(change.object) || known.has(keyOf(change.object)));
    const all = change.objects.filter((entry) => !isNudge(entry));
    return all.length === known.size && all.every((entry) => known.has(keyOf(entry)));
  });
}

function withChanges({ namespaces, ...rest }: StatusObjects, batch: readonly ListChange[]): StatusObjects {
  const all = batch.flatMap((change) => (change.kind === 'all' ? change.objects : [change.object]));
  const changed = new Map(all.map((entry) => [keyOf(entry), sound(entry)]));
  const replaced = [...namespaces].map(([name, objects]) => {
    const entries = objects.entries.map((entry) => changed.get(keyOf(entry)) ?? entry);
    return [name, { ...objects, entries }] as const;
  });
  return { ...rest, namespaces: new Map(replaced) };
}

function keyOf(entry: KubeObject): string {
  return `${namespaceOf(entry)}/${entry.metadata.name}`;
}
