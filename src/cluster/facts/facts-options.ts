import type { ClassicRelease } from '../../mesh/cluster-facts.ts';
import type { Via } from '../../mesh/exposure.ts';
import type { ComputeEngine } from '../compute/google-compute.ts';
import type { Lookup } from './resolve-host.ts';

/** Options about the cluster, and how long to wait. */
export interface FactsOptions {
  readonly istioNamespace: string;
  /** Revision of the control plane; `default` means none. */
  readonly revision?: string;
  /** Namespace of the workload: its istio-ca-root-cert is read first. */
  readonly namespace?: string;
  /** Name of the cluster at its cloud, which knows the service range. */
  readonly cluster?: string;
  /** Service range from the operator, several separated by commas. */
  readonly serviceCidr?: string;
  /** Where VMs reach istiod: IP, IP:PORT, host name or host:PORT. */
  readonly address?: string;
  /** Service behind which VMs reach istiod: NAME or NAME.NAMESPACE; istio-eastwestgateway when absent. */
  readonly gateway?: string;
  /** The formats of a classic mesh; detected when absent. */
  readonly release?: ClassicRelease;
  /** DNS domain of the cluster; cluster.local when absent. */
  readonly clusterDomain?: string;
  /** Name by which istiod knows the cluster, instead of that in the injector's values. */
  readonly clusterId?: string;
  /** Facts that the caller does not need. They are not read and stay empty. */
  readonly skip?: readonly ('addresses' | 'serviceRange')[];
  /** Accepts public addresses of load balancers that should be internal. */
  readonly allowPublic?: boolean;
  /** Receives remarks that are no Problem. */
  readonly note?: (line: string) => void;
  readonly compute?: ComputeEngine;
  /** Waits for load balancers without an address. */
  readonly wait?: Waiting;
  readonly signal?: AbortSignal;
  /** How host names are resolved; the machine's resolver when absent. */
  readonly lookup?: Lookup;
}

export interface Waiting {
  readonly timeoutMs: number;
  /** Milliseconds between two reads; 1000 when absent. */
  readonly intervalMs?: number;
  /** Called when what is missing changes. */
  readonly note?: (line: string) => void;
}

/** How VMs reach a control plane. */
export interface ExposeOptions {
  readonly istioNamespace: string;
  readonly revision?: string;
  readonly via: Via;
  /** Through the east-west gateway or straight to istiod. Absent: the gateway when the cluster runs one. */
  readonly mode?: 'gateway' | 'direct';
  /** A load balancer for the cluster's DNS in a current mesh. A classic mesh always has one. */
  readonly dns?: boolean;
  readonly dnsTcp?: boolean;
  readonly release?: ClassicRelease;
  readonly clusterDomain?: string;
  readonly signal?: AbortSignal;
}
