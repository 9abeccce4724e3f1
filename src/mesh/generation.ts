import type { ClusterFacts } from './cluster-facts.ts';
import type { BundleOptions } from './current/cluster-env.ts';
import type { VmFiles } from './vm-file.ts';
import type { Workload } from './workload.ts';

/** Control planes: `current` is istiod, `classic` is Pilot, Mixer and CA. */
export const GENERATIONS = ['current', 'classic'] as const;

/** The control plane of a mesh. Each layer has a record of what differs. */
export type GenerationName = (typeof GENERATIONS)[number];

/** What differs between the two generations in the formats of the mesh. Pure. */
export interface MeshGeneration<Facts extends ClusterFacts = ClusterFacts> {
  /** What a VM connects to, for people. */
  readonly controlPlane: string;
  /** A VM is a member of a WorkloadGroup, and registers itself. */
  readonly hasGroups: boolean;
  /** The sidecar answers DNS; otherwise dnsmasq on the VM does. */
  readonly capturesDns: boolean;
  /** The sidecar delivers to 127.0.0.1 instead of the VM's address in the mesh. */
  readonly deliversToLoopback: boolean;
  /** Counters and access logs of the sidecar show each connection. */
  readonly showsConnections: boolean;
  /** Ports that the sidecar listens on. */
  readonly sidecarPorts: ReadonlySet<number>;
  /** Where redirected connections arrive. */
  readonly inboundPort: number;
  /** Where VMs reach the control plane. */
  endpoint(facts: Facts): { readonly addresses: readonly string[]; readonly port: number };
  /** Where the facts that a VM needs first were found, for people. */
  source(facts: Facts): string;
  /** The files that a VM needs before it joins; with a workload where the mesh has groups. The token is not among them: it is a secret. */
  files(facts: Facts, workload: Workload | undefined, options: BundleOptions): VmFiles;
  /** Keys of the mesh's metadata that no VM gets; undefined if the package's own script reads the settings. */
  refusedMetadata(facts: Facts, workload: Workload): readonly string[] | undefined;
  /** Some clients come through ztunnel. */
  isAmbient(facts: Facts): boolean;
  /** The text of dnsmasq's file of cluster names. */
  kubedns(facts: Facts, options: { readonly dnsAddress?: string }): string;
}
