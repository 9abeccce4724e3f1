import type { VmEntry } from '../../cluster/registration/vm-entry.ts';
import type { Host } from '../../host/run/host.ts';
import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { MeshTarget } from '../../mesh/mesh-target.ts';
import type { Meeting } from '../../mesh/mutual-tls.ts';
import type { VmFacts } from '../../mesh/vm-facts.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { DialAnswer } from '../../vm/reachability/dial.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { Reach } from './reachability.ts';

/** The join that is verified, and who can help. */
export interface JoinQuestion {
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
  /** istiod's entry of the VM, read from the Kubernetes API. */
  readonly entry?: () => Promise<VmEntry>;
  /** Compares who reaches which port with what it was before; the last that is asked. */
  readonly reach?: () => Promise<Reach>;
}
