/** The facts of a cluster, gathered once per command. */
export type ClusterFacts = CurrentFacts | ClassicFacts;

/** A cluster of the istiod generation (1.6 and later). */
export interface CurrentFacts {
  readonly generation: 'current';
  /** Namespace of the control plane, usually istio-system. */
  readonly istioNamespace: string;
  /**
   * Policies and Sidecars here apply to the whole mesh. Absent for the control plane's namespace: use
   * `rootNamespaceOf`.
   */
  readonly rootNamespace?: string;
  /** Absent for the default revision. */
  readonly revision?: string;
  /** `Kubernetes` when the cluster has no name. */
  readonly clusterId: string;
  readonly trustDomain: string;
  readonly meshId?: string;
  readonly clusterDomain: string;
  /** The name the VM dials: istiod.istio-system.svc or istiod-REV.NS.svc. It must be a SAN of istiod's certificate. */
  readonly istiodHost: string;
  /** 15012 unless the gateway or NodePort uses another one. */
  readonly istiodPort: number;
  /** IP addresses where VMs reach istiod; the first goes into /etc/hosts. Empty when there is none yet. */
  readonly istiodAddresses: readonly string[];
  /** Where the addresses were found, for people: "Service istio-system/istio-eastwestgateway". */
  readonly istiodAddressSource: string;
  /** PEM text, one or more certificates. */
  readonly rootCert: string;
  /** meshConfig.defaultConfig as the API server has it: JSON names of ProxyConfig. */
  readonly defaultConfig: Readonly<Record<string, unknown>>;
  /** Some clients come through ztunnel. Absent for a mesh of sidecars only. */
  readonly ambient?: true;
  /** meshConfig.protocolDetectionTimeout: how long a sidecar waits for a client's first bytes. Absent: forever, Istio's default. */
  readonly detectionMs?: number;
  /** Version of the control plane when it is known: 1.29.1. */
  readonly version?: string;
}

/** Istio's root namespace: that of the control plane unless the mesh config names another one. */
export function rootNamespaceOf(facts: Pick<CurrentFacts, 'istioNamespace' | 'rootNamespace'>): string {
  return facts.rootNamespace ?? facts.istioNamespace;
}

/** A cluster of the Pilot, Mixer, CA generation (0.2 to 1.5), reached through four internal load balancers. */
export interface ClassicFacts {
  readonly generation: 'classic';
  readonly istioNamespace: string;
  /** The release whose formats to write. */
  readonly release: ClassicRelease;
  /** One or more CIDRs, joined by a comma in cluster.env. */
  readonly serviceCidrs: readonly string[];
  /** Where the range came from, for people. */
  readonly serviceCidrSource: string;
  readonly addresses: ClassicAddresses;
  /** DNS domain of the cluster, cluster.local. */
  readonly clusterDomain: string;
}

/** '0.2': 0.2.9 to 0.3. '0.4': 0.4 to 0.7. '0.8'. '1.0': 1.0 to 1.4. '1.5'. */
export const CLASSIC_RELEASES = ['0.2', '0.4', '0.8', '1.0', '1.5'] as const;

export type ClassicRelease = (typeof CLASSIC_RELEASES)[number];

/** IP addresses of the internal load balancers. Mixer and CA do not exist in 1.5. */
export interface ClassicAddresses {
  readonly pilot: string;
  readonly dns: string;
  readonly mixer?: string;
  readonly ca?: string;
}
