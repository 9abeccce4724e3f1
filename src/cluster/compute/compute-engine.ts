/** A forwarding rule of an internal load balancer. */
export interface InternalLoadBalancer {
  /** Name of the forwarding rule. */
  readonly name: string;
  readonly address: string;
  readonly protocol: string;
  readonly ports: readonly string[];
  readonly region: string;
  /** `namespace/name` of the Kubernetes Service, if GKE recorded it. */
  readonly service?: string;
}

export interface Instance {
  readonly name: string;
  /** A number, as text: it does not fit a JavaScript number. */
  readonly id: string;
  readonly project: string;
  readonly zone: string;
  readonly status: string;
  /** Primary address first. */
  readonly internalAddresses: readonly string[];
  readonly externalAddresses: readonly string[];
}

export interface InstancePlace {
  readonly project?: string;
  readonly zone?: string;
}

/** Which instances to list. */
export interface InstanceQuery {
  /** All of these; every instance when empty. */
  readonly labels: Readonly<Record<string, string>>;
  readonly zone?: string;
  /** A group of that zone. */
  readonly instanceGroup?: string;
}

export interface ComputeOptions {
  /** Else GOOGLE_CLOUD_PROJECT, the project of the credentials. */
  readonly project?: string;
  /** Zone of instances, zone or region of clusters. All are searched when absent. */
  readonly zone?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Origin of both APIs, for tests: http://127.0.0.1:PORT. */
  readonly endpoint?: string;
  /** Milliseconds; 15 000 when absent. */
  readonly timeoutMs?: number;
}
