import type { ClusterFacts } from './cluster-facts.ts';
import type { BundleOptions } from './current/cluster-env.ts';
import type { VmFiles } from './vm-file.ts';
import type { Workload } from './workload.ts';

/** Control planes: `current` is istiod, `classic` is Pilot, Mixer and CA. */
export const GENERATIONS = ['current', 'classic'] as const;

/** Which control plane a mesh has. What follows from it is in the generation record of each layer. */
export type GenerationName = (typeof GENERATIONS)[number];

/** What differs between the generations of a mesh itself. Pure; the records of clusters and VMs stand in their layers. */
export interface MeshGeneration<Facts extends ClusterFacts = ClusterFacts> {
  /** What a VM connects to, for people. */
  readonly controlPlane: string;
  /** A VM is a member of a WorkloadGroup, and registers itself. */
  readonly hasGroups: boolean;
  /** The sidecar answers DNS; else a dnsmasq on the VM does. */
  readonly capturesDns: boolean;
  /** The sidecar delivers to 127.0.0.1 instead of the VM's address in the mesh. */
  readonly deliversToLoopback: boolean;
  /** Connections can be followed one by one, in counters and access logs of the sidecar. */
  readonly showsConnections: boolean;
  /** Ports that the sidecar listens on. */
  readonly sidecarPorts: ReadonlySet<number>;
  /** Where redirected connections arrive. */
  readonly inboundPort: number;
  /** Where the control plane answers for a VM. */
  endpoint(facts: Facts): { readonly addresses: readonly string[]; readonly port: number };
  /** Where the facts that a VM needs first were found, for people. */
  source(facts: Facts): string;
  /** The files that a VM needs before it joins; with a workload where the mesh has groups. The token is not among them: it is a secret. */
  files(facts: Facts, workload: Workload | undefined, options: BundleOptions): VmFiles;
  /** Keys of the mesh's metadata that no VM gets; undefined where the package's own reader takes the settings. */
  refusedMetadata(facts: Facts, workload: Workload): readonly string[] | undefined;
  /** Some clients come through ztunnel. */
  isAmbient(facts: Facts): boolean;
  /** The text of dnsmasq's file of cluster names. */
  kubedns(facts: Facts, options: { readonly dnsAddress?: string }): string;
}
