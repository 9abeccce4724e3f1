import type { ClusterFacts } from '../../mesh/cluster-facts.ts';
import type { KubeObject } from '../../mesh/kube-object.ts';
import type { MtlsPolicies } from '../../mesh/mutual-tls.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { Deregistration } from '../registration/current-deregistration.ts';
import type { Endpoint, EndpointPlace, EndpointRequest } from '../registration/endpoint.ts';
import type { ExposeOptions, FactsOptions } from './facts-options.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { Departure, Leaving, ClusterMembers, RegisteredVm, Rotation } from '../registration/registered-vm.ts';
import type { ClusterPlan } from '../api/plan.ts';
import type { PlannedRegistration, Registration } from '../registration/registration-request.ts';

/** The namespace whose policies are read. */
export interface PolicyPlace {
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** The namespace of a policy for the whole mesh, and the domain of its identities. */
interface EvictionPlace {
  readonly rootNamespace: string;
  readonly trustDomain: string;
}

/** A VM that joins. */
interface JoiningVm {
  /** Empty for an image. */
  readonly address: string;
  /** Creates the namespace and the service account if they are missing. */
  readonly create: boolean;
  /** Names of the entries on which the agents of its group report; absent if they get no rights. */
  readonly agentEntries?: readonly string[];
  /** The policy that limits agents is missing or older, and the operator may write it. */
  readonly agentPolicy?: boolean;
}

/** What differs between clusters of the two generations. Every function only reads. */
export interface ClusterGeneration<
  Facts extends ClusterFacts = ClusterFacts,
  Request extends Registration = Registration,
> {
  /** `once` may have read some of the objects already. */
  facts(kube: Kubernetes, options: FactsOptions, once: Kubernetes): Promise<Facts>;
  /** The policies that decide on mutual TLS; undefined in a mesh without such objects. */
  policies(kube: Kubernetes, facts: Facts, place: PolicyPlace): Promise<MtlsPolicies | undefined>;
  /** The objects by which VMs reach the control plane. */
  exposure(kube: Kubernetes, options: ExposeOptions): Promise<readonly KubeObject[]>;
  /** What a joining VM needs in its cluster. Pure. Throws `vm-address-needed` and Problems of names. */
  joinRequest(facts: Facts, workload: Workload, vm: JoiningVm): Request;
  /** How `register` adds one address of a service. */
  endpoint(kube: Kubernetes, endpoint: Endpoint, place: EndpointPlace): Promise<EndpointRequest>;
  planRegistration(kube: Kubernetes, wanted: Request, signal: AbortSignal): Promise<PlannedRegistration>;
  planDeregistration(kube: Kubernetes, wanted: Deregistration): Promise<ClusterPlan>;
  /** Where an eviction writes its policy. Throws `evict-needs-istiod`. */
  evictionPlace(kube: Kubernetes, facts: Facts): EvictionPlace;
  planRotation(kube: Kubernetes, vm: RegisteredVm, to: 'in' | 'out'): Promise<Rotation>;
  planDeparture(kube: Kubernetes, vm: Leaving): Promise<Departure>;
  members(kube: Kubernetes, vm: RegisteredVm): Promise<ClusterMembers>;
}
