import type { Host } from '../host/host.ts';
import type { ClusterFacts } from '../mesh/cluster-facts.ts';
import type { MeshTarget } from '../mesh/mesh-target.ts';
import type { Meeting } from '../mesh/mutual-tls.ts';
import type { VmFacts } from '../mesh/vm-facts.ts';
import type { Workload } from '../mesh/workload.ts';
import type { DialAnswer, Proof, Witness } from './proof.ts';
import type { Seat } from './proofs/seat.ts';

/** What is to be proved, and who can help. */
export interface ProveInput {
  readonly cluster: ClusterFacts;
  readonly workload: Workload;
  readonly vm: VmFacts;
  /** A service of the mesh that the VM should reach. */
  readonly meshService?: MeshTarget;
  /** Another VM of the same mesh, used as the client of this VM's services. */
  readonly client?: Host;
  /** What a client outside the mesh will meet, per port number, as src/mesh/mutual-tls.ts computed it. */
  readonly outside?: Readonly<Record<number, Meeting>>;
  /** Opens a new connection from the operator's machine, which speaks first or keeps silent. */
  readonly dial?: (address: string, port: number, how: { readonly speaks: boolean }) => Promise<DialAnswer>;
  /** Where that machine is; outside the mesh when absent. */
  readonly seat?: Seat;
  /** Ports that listened before anything was changed, and gave that machine no connection even then. */
  readonly shut?: readonly number[];
  /** Is the VM's entry there and healthy? Asked of the Kubernetes API. */
  readonly entry?: () => Promise<Witness>;
  /** Does istiod call the proxy synced? */
  readonly synced?: () => Promise<Witness>;
  /** Hears of each proof when it has ended, which may be before its turn in the list. */
  readonly tell?: (proof: Proof) => void;
  /** Milliseconds until a condition on the VM is given up; 30 000 when absent. */
  readonly limitMs?: number;
}
