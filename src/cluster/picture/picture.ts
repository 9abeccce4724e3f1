import type { KubeObject } from '../../mesh/kube-object.ts';
import type { IstiodHome } from '../facts/istiod-home.ts';
import type { Part, Refused } from './part.ts';

type Mapping = Readonly<Record<string, unknown>>;
type Objects = Part<readonly KubeObject[]>;
/** null where there is no such object. */
type Single = Part<KubeObject | null>;

/** A workload that calls the VMs' services. */
export interface Caller {
  readonly namespace: string;
  readonly account: string;
}

/** What is known without asking the API server. */
export interface About {
  /** The context, or the folder of manifests. */
  readonly cluster: string;
  readonly live: boolean;
  readonly now: Date;
  readonly istioNamespace: string;
  /** Part of the names of the control plane's objects: `-canary`, empty for the default revision. */
  readonly suffix: string;
  /** The revision that was asked for, which may be a tag. */
  readonly asked?: string;
  readonly rootNamespace: string;
  readonly clusterDomain: string;
  readonly trustDomain: string;
  /** How long a sidecar waits for a client's first bytes; absent: forever. */
  readonly detectionMs?: number;
  /** Given address of istiod: `--istiod-address`. */
  readonly address?: string;
  /** Given Service of the east-west gateway. */
  readonly gateway?: string;
  /** The caller that was given; else each VM's own namespace and its default account. */
  readonly caller?: Caller;
}

/** The control plane and what applies to the whole mesh. */
export interface MeshParts {
  /** null for a folder of manifests. */
  readonly kubernetesVersion: Part<string | null>;
  /** False where no objects of Istio were found. */
  readonly isInstalled: Part<boolean>;
  readonly meshConfig: Part<Mapping | null>;
  /** Values of the installation. */
  readonly values: Part<Mapping>;
  readonly home: Part<IstiodHome>;
  /** Some clients come through ztunnel. */
  readonly isAmbient: Part<boolean>;
  readonly controlNamespace: Single;
  readonly controlDeployments: Objects;
  readonly controlPods: Objects;
  readonly controlServices: Objects;
  /** EndpointSlices. They also hold addresses of an istiod or a gateway that is no pod. */
  readonly controlEndpoints: Objects;
  /** The Services that may lead VMs to istiod, in order of preference. */
  readonly exposing: Objects;
  readonly gateways: Objects;
  readonly virtualServices: Objects;
  /** Injectors and tags of revisions. Their caBundle is the root that istiod uses. */
  readonly webhooks: Objects;
  /** The ConfigMap of the mesh's roots in the control plane's namespace. */
  readonly controlRoots: Single;
  readonly rootPeerAuthentications: Objects;
  readonly rootDestinationRules: Objects;
  readonly rootAuthorizationPolicies: Objects;
  readonly rootSidecars: Objects;
  /** Of the given caller's namespace; empty if none was given. */
  readonly callerDestinationRules: Objects;
  readonly callerSidecars: Objects;
  /** Of all namespaces, as each may have clients; empty if a caller was given, or if they may not be listed. */
  readonly everyDestinationRule: Objects;
}

/** A namespace with VMs. */
export interface NamespaceParts {
  readonly namespace: Single;
  readonly groups: Objects;
  /** Without nudges. */
  readonly entries: Objects;
  /** Those that concern VMs: they select an entry, bear the name of a VM's service, or were made by meshx. */
  readonly services: Objects;
  /** Pods behind Services that select no entry. */
  readonly pods: Objects;
  readonly serviceEntries: Objects;
  readonly accounts: Objects;
  readonly roots: Single;
  readonly peerAuthentications: Objects;
  readonly destinationRules: Objects;
  readonly authorizationPolicies: Objects;
  readonly sidecars: Objects;
}

export interface NamespacePicture {
  readonly name: string;
  readonly parts: NamespaceParts;
}

/** A mesh as its cluster has it, read once. */
export interface ClusterPicture {
  readonly about: About;
  readonly mesh: MeshParts;
  /** In alphabetical order. */
  readonly namespaces: readonly NamespacePicture[];
  /** Why only the namespaces of `namespaces` were looked for VMs; absent if all were. */
  readonly limited?: Refused;
}
