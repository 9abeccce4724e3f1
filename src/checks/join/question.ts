import type { VmEntry } from '../../cluster/registration/vm-entry.ts';
import type { Host } from '../../host/run/host.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import type { Meeting } from '../../mesh/mutual-tls.ts';
import type { VmFacts } from '../../mesh/vm-facts.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { DialAnswer, Dialling } from '../../vm/reachability/dial.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { Reach } from './reachability.ts';

/** The join to verify, and the clients and sources for it. */
export interface JoinQuestion {
  /** The operator's name for the VM. */
  readonly name: string;
  readonly cluster: ClusterFacts;
  readonly workload: Workload;
  readonly vm: Pick<VmFacts, 'address'>;
  /** A service of the mesh that the VM should reach. */
  readonly meshService?: MeshTarget;
  /** Another VM of the same mesh, a client of this VM's services. */
  readonly client?: Host;
  /** What a client outside the mesh will meet at each port (src/mesh/mutual-tls.ts). */
  readonly outside?: Readonly<Record<number, Meeting>>;
  /** What a client inside the mesh will meet at each port; mutual TLS by default. */
  readonly inside?: Readonly<Record<number, Meeting>>;
  /** Opens a new connection from the operator's machine, which sends first or stays silent. */
  readonly dial?: (address: string, port: number, how: Dialling) => Promise<DialAnswer>;
  /** Where that machine is; outside the mesh by default. */
  readonly seat?: Seat;
  /** Ports that listened before the change but did not accept a connection from that machine. */
  readonly shut?: readonly number[];
  /** Reads istiod's entry of the VM from the Kubernetes API. */
  readonly entry?: () => Promise<VmEntry>;
  /** Compares the reachable ports with those before the change; runs last. */
  readonly reach?: () => Promise<Reach>;
}
