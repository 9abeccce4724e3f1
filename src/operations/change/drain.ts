import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import { applyRegistration } from '../../cluster/registration/register.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Rotation } from '../../cluster/registration/registered-vm.ts';
import type { Host } from '../../host/run/host.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import type { Plan } from '../../reconcile/plan.ts';
import {
  beforeDrain,
  type BeforeDrain,
  drain as drainVm,
  type Drained,
  type MeshConnections,
  showConnections,
  total,
} from '../../vm/drain.ts';
import type { Decision } from './decision.ts';

const SIDECAR = 'istio.service';

/** The drain of a VM: its open connections, and the writes that keep new ones away. */
export interface DrainPlan {
  readonly before: BeforeDrain;
  /** Both absent without a cluster. */
  readonly kube?: Kubernetes;
  readonly rotation?: Rotation;
  /** Services that a dead run left out of rotation. They return too. */
  readonly leftOut?: Rotation;
  /** Open connections would end, and no one has allowed it. */
  readonly refused: boolean;
}

/** Whether a plan's scripts stop or restart the sidecar. Works for a kept plan too. Pure. */
export function endsSidecar({ steps }: Plan): boolean {
  const scripts = steps.flatMap(({ changes }) =>
    changes.flatMap((change) => change.scripts.map(({ script }) => script)),
  );
  return scripts.some(
    ({ name, args }) =>
      (name === 'unit-start' && args[0] === 'restart' && args[1] === SIDECAR) ||
      (name === 'unit-stop' && args[0] === SIDECAR),
  );
}

/** The drain that this decision needs; undefined for none. Only reads. */
export async function inspectDrain(
  host: Host,
  { plan, drain }: Pick<Decision, 'plan' | 'drain'>,
  signal: AbortSignal,
): Promise<DrainPlan | undefined> {
  if (!drain || (drain.for === 'restart' && !endsSidecar(plan))) return undefined;
  const { addresses, registry } = drain;
  const before = await beforeDrain(host, addresses, signal);
  if (drain.for === 'restart' && total(before) === 0) return undefined;
  const refused = drain.for === 'restart' && !drain.allowed;
  if (!registry || refused) return { before, refused };
  const { kube } = registry;
  const vm = { ...registry.vm, signal };
  const { planRotation } = clusterGeneration(vm.generation);
  const [rotation, leftOut] = await Promise.all([planRotation(kube, vm, 'out'), planRotation(kube, vm, 'in')]);
  return { before, kube, rotation, leftOut, refused };
}

/** Throws `restart-ends-connections` where no one has allowed it. */
export function refuseDrain(vm: string, found: DrainPlan | undefined, again: string): void {
  if (!found?.refused) return;
  throw leavingProblems.restartEndsConnections({ vm, connections: showConnections(found.before), again });
}

/** The result of a drain. */
export interface DrainEnd {
  /** Connections that end with the sidecar. */
  readonly left: MeshConnections;
  readonly seen: readonly string[];
}

/** Leaves rotation, waits until no client has the endpoint, then lets connections end. */
export async function leave(
  host: Host,
  { before, kube, rotation }: DrainPlan,
  { addresses, registry, limitMs, signal }: NonNullable<Decision['drain']> & { readonly signal: AbortSignal },
): Promise<DrainEnd> {
  if (kube && rotation) for await (const _ of applyRegistration(kube, rotation.plan, signal));
  const { services = [], foreign = [] } = rotation ?? {};
  const own = services.filter((name) => !foreign.includes(name));
  const hosts = own.map((name) => `${name}.${registry?.vm.namespace ?? ''}`);
  const ended = await drainVm(host, { before, addresses, hosts, limitMs, signal });
  const others = foreign.map(
    (name) => `Service ${name} belongs to another owner: its clients come until the sidecar ends`,
  );
  return { left: ended.left, seen: [...droppedLines(ended), ...others, ...endedLines(before, ended)] };
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
  const after = `${(waitedMs / 1000).toFixed(1)} s`;
  if (total(left) === 0) return [`${showConnections(before)} ended by themselves within ${after}`];
  return [`${showConnections(left)} left after ${after}: the end of the sidecar ends them`];
}
