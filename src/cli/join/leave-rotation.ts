import type { Say } from '../../world.ts';
import { type Registry, writeRotation, type WrittenRotation } from '../../cluster/rotation-write.ts';
import { showRef } from '../../mesh/kube-object.ts';
import type { Host } from '../../host/host.ts';
import {
  beforeDrain,
  type BeforeDrain,
  drain,
  type Drained,
  type MeshConnections,
  showConnections,
  total,
} from '../../vm/drain.ts';
import type { StepReport } from './report.ts';

/** A VM whose sidecar is about to end. */
export interface LeavingRotation {
  readonly host: Host;
  readonly addresses: readonly string[];
  /** Absent: its cluster cannot be asked, so that only the connections are waited for. */
  readonly registry: Registry | undefined;
  /** Counted already; looked at when absent. */
  readonly before?: BeforeDrain;
  readonly limitMs: number;
  readonly say: Say;
  readonly signal: AbortSignal;
}

/** How it went. */
export interface LeftRotation {
  readonly step: StepReport;
  /** Connections that the end of the sidecar will end. */
  readonly left: MeshConnections;
}

/**
 * Out of rotation, then wait until no client has the endpoint any more, then let connections end. Gives what was done; the
 * connections that are left end with the sidecar.
 */
export async function leaveRotation(leaving: LeavingRotation): Promise<LeftRotation> {
  const { host, addresses, registry, limitMs, say, signal } = leaving;
  const before = leaving.before ?? (await beforeDrain(host, addresses, signal));
  const out = registry && (await writeRotation(registry, 'out', signal));
  const names = (out?.services ?? []).filter((name) => !out?.foreign.includes(name));
  if (total(before) > 0)
    say(`${host.name}: ${showConnections(before)}; up to ${limitMs / 1000} s for them to end by themselves`);
  const hosts = names.map((name) => `${name}.${registry?.vm.namespace ?? ''}`);
  const ended = await drain(host, { before, addresses, hosts, limitMs, signal });
  const changes = [
    ...(out ? writtenLines(out, 'out') : []),
    ...droppedLines(ended),
    ...(out?.foreign ?? []).map(
      (name) => `Service ${name} belongs to another owner: its clients come until the sidecar ends`,
    ),
    ...endedLines(before, ended),
  ];
  const status = changes.length > 0 ? ('changed' as const) : ('unchanged' as const);
  return { step: { id: 'drain', title: 'Let connections end', status, changes }, left: ended.left };
}

/** Back into rotation; the sentences of what was written. */
export async function enterRotation(registry: Registry, signal: AbortSignal): Promise<readonly string[]> {
  return writtenLines(await writeRotation(registry, 'in', signal), 'in');
}

function writtenLines({ services, written }: WrittenRotation, to: 'in' | 'out'): readonly string[] {
  if (written.length === 0) return [];
  return [
    `take ${services.join(', ')} ${to === 'out' ? 'out of' : 'back into'} rotation (${written.map(showRef).join(', ')})`,
  ];
}

function droppedLines({ dropped, droppedMs }: Drained): readonly string[] {
  switch (dropped) {
    case 'nothing':
      return [];
    case 'endpoint':
      return [`istiod has dropped the endpoint, seen by the VM's own sidecar after ${droppedMs} ms`];
    case 'push':
      return [`istiod has pushed to the VM's own sidecar after ${droppedMs} ms, which does not see its own services`];
    case undefined:
      return [`after ${droppedMs} ms nothing shows that istiod has dropped the endpoint: clients may still come`];
  }
}

function endedLines(before: BeforeDrain, { left, waitedMs }: Drained): readonly string[] {
  if (total(before) === 0 && total(left) === 0) return [];
  if (total(left) === 0)
    return [`${showConnections(before)} ended by themselves within ${(waitedMs / 1000).toFixed(1)} s`];
  return [`${showConnections(left)} left after ${(waitedMs / 1000).toFixed(1)} s: the end of the sidecar ends them`];
}
