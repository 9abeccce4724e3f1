import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { Kubernetes } from '../../cluster/api/kubernetes.ts';
import type { Host } from '../../host/run/host.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { PortSecurity } from '../../mesh/mutual-tls.ts';
import type { VmFacts } from '../../mesh/vm-facts.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { Result } from '../../checks/check.ts';
import type { Reach } from '../../checks/join/reachability.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import { verifyJoin } from '../../checks/verify-join.ts';
import { dial } from '../../vm/reachability/dial.ts';
import { present } from '../../present.ts';
import type { MeshPlace } from '../../operations/change/vm-report.ts';
import { vmEntry } from '../../cluster/registration/vm-entry.ts';

/** What the checks of one VM are about. Data: a kept plan holds it. */
export interface JoinSubject {
  readonly cluster: ClusterFacts;
  readonly workload: Workload;
  readonly vm: VmFacts;
  readonly meshService?: MeshTarget;
}

/** As the report of a join shows it: only istiod's generation has groups. */
export function placeOf({ cluster, workload: { group, namespace }, vm }: JoinSubject): MeshPlace {
  return { ...(meshGeneration(cluster.generation).hasGroups && { group }), namespace, address: vm.address };
}

/** Who can tell something about it. */
export interface VerifyOptions {
  readonly kube: Kubernetes;
  readonly security: readonly PortSecurity[];
  readonly client?: Host;
  readonly seat?: Promise<Seat>;
  readonly signal: AbortSignal;
  /** Hears of each result when it is there. */
  readonly ended?: (result: Result) => void;
}

/** Verifies the join of one VM, with what the cluster's side can say. */
export async function* verify(
  host: Host,
  subject: JoinSubject,
  help: VerifyOptions & { readonly shut: readonly number[]; readonly reach?: () => Promise<Reach> },
): AsyncGenerator<Result> {
  const { kube, security, client, signal, ended, shut, reach } = help;
  const seat = await help.seat;
  // Without groups there are no entries, and no policies about single workloads.
  const { hasGroups } = meshGeneration(subject.cluster.generation);
  const asked = { kube, workload: subject.workload, address: subject.vm.address, signal };
  const question = {
    ...subject,
    dial,
    shut,
    ...present({
      client,
      seat,
      reach,
      entry: kube.live && hasGroups ? vmEntry(asked) : undefined,
      outside: hasGroups
        ? Object.fromEntries(security.map(({ port, outsideMesh }) => [port.number, outsideMesh]))
        : undefined,
    }),
  };
  yield* verifyJoin(host, question, { signal, ...present({ ended }) });
}
