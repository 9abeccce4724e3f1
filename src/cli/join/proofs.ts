import type { Kubernetes } from '../../cluster/kubernetes.ts';
import type { Host } from '../../host/host.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { PortSecurity } from '../../mesh/mutual-tls.ts';
import type { VmFacts } from '../../mesh/vm-facts.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { Proof } from '../../vm/proof.ts';
import type { Seat } from '../../vm/proofs/seat.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import { prove } from '../../vm/prove.ts';
import { dial } from '../../vm/proofs/dial.ts';
import { entryWitnesses } from '../../cluster/entry-witnesses.ts';
import { present } from '../../present.ts';

/** What the proofs of one VM are about. Data: a kept plan holds it. */
export interface ProofSubject {
  readonly cluster: ClusterFacts;
  readonly workload: Workload;
  readonly vm: VmFacts;
  readonly meshService?: MeshTarget;
}

/** Who can tell something about it. */
export interface ProofHelp {
  readonly kube: Kubernetes;
  readonly security: readonly PortSecurity[];
  readonly client?: Host;
  readonly seat?: Promise<Seat>;
  readonly signal: AbortSignal;
  /** Hears of each proof when it has ended. */
  readonly tell?: (proof: Proof) => void;
}

/** The proofs of one VM, with what the cluster's side can say. */
export async function* proofs(
  host: Host,
  subject: ProofSubject,
  help: ProofHelp & { readonly shut: readonly number[] },
): AsyncGenerator<Proof> {
  const { kube, security, client, signal, tell, shut } = help;
  const seat = await help.seat;
  const current = subject.cluster.generation === 'current';
  const asked = { kube, workload: subject.workload, address: subject.vm.address, signal };
  const cluster = kube.live && current;
  const input = {
    ...subject,
    dial,
    shut,
    ...present({
      client,
      seat,
      tell,
      ...(cluster && entryWitnesses(asked)),
      outside: current
        ? Object.fromEntries(security.map(({ port, outsideMesh }) => [port.number, outsideMesh]))
        : undefined,
    }),
  };
  yield* prove(host, input, signal);
}
