import type { Duplex } from 'node:stream';
import type { KubeObject, ObjectRef } from '../../mesh/kube-object.ts';

/** Field manager of server-side apply, and the value of the managed-by label. */
export const FIELD_MANAGER = 'meshx';

export interface ListQuery {
  readonly apiVersion: string;
  readonly kind: string;
  /** All namespaces when absent. */
  readonly namespace?: string;
  /** `key=value,key2=value2`. */
  readonly labelSelector?: string;
}

export interface TokenQuery {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** The API server's own when absent. */
  readonly audience?: string;
  /** The API server's least is 600. */
  readonly seconds: number;
}

/** A secret: it travels by stdin or in a file of mode 0600, never in a plan or a message. */
export interface IssuedToken {
  readonly token: string;
  /** The API server may grant less than was requested. */
  readonly expires: Date;
}

/** What a patch sets. null removes a value. */
export interface EntryChange {
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
  readonly ports?: Readonly<Record<string, number | null>>;
}

/** What is new among the objects of a list. */
export type ListChange =
  | { readonly kind: 'all'; readonly objects: readonly KubeObject[] }
  | { readonly kind: 'put'; readonly object: KubeObject }
  | { readonly kind: 'gone'; readonly object: KubeObject };

/** The log of a container, and where it begins. */
export interface PodLogQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** The last lines only. */
  readonly tail: number;
  /** Goes on until the signal aborts. */
  readonly follow: boolean;
}

/** A program to run in a container. */
export interface PodExecQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Ends up in the audit log of the API server. */
  readonly argv: readonly string[];
  readonly stdin: string;
}

/** What a program in a container printed. */
export interface PodOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Absent if it did not start. */
  readonly exitCode?: number;
  /** Why it failed or did not start. */
  readonly reason?: string;
}

/** A TCP port of a pod, on whatever address it listens. */
export interface PodPortQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

export interface ApplyOptions {
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The calls that meshx makes to a cluster: an API server or a folder of manifests. Each call has its own time limit,
 * and throws a Problem when it is refused, conflicts or gets no answer.
 */
export interface Kubernetes {
  /** The context, or the folder: the name of the cluster in messages. */
  readonly name: string;
  /** The namespace of the context, when it names one. */
  readonly namespace?: string;
  /** False for a folder of manifests: it issues no tokens, and nothing else changes it. */
  readonly live: boolean;
  get(ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject | undefined>;
  list(query: ListQuery, signal?: AbortSignal): Promise<readonly KubeObject[]>;
  /** Server-side apply as field manager meshx, never forced: fields of another manager are a Problem. */
  apply(object: KubeObject, options?: ApplyOptions): Promise<KubeObject>;
  /**
   * Creates an object; false when one of its name exists already, which is not touched. Absent for a folder of manifests. Needs `create`.
   */
  create?(object: KubeObject, signal?: AbortSignal): Promise<boolean>;
  /** Merge patch of labels and annotations, and of labels and ports in the spec of an entry. */
  patch(ref: ObjectRef, change: EntryChange, signal?: AbortSignal): Promise<KubeObject>;
  /** False when there was nothing to delete. */
  delete(ref: ObjectRef, signal?: AbortSignal): Promise<boolean>;
  token(query: TokenQuery, signal?: AbortSignal): Promise<IssuedToken>;
  /** Why the API server would refuse to create the object (a dry run); undefined when it would accept it. */
  refusal(object: KubeObject, signal?: AbortSignal): Promise<string | undefined>;
  /**
   * All objects of a list, then each change of one, until the API server ends the watch: then it can be called again. Absent for a folder
   * of manifests. Needs `list` and `watch`.
   */
  follow?(query: ListQuery, signal: AbortSignal): AsyncIterable<ListChange>;
  /** The log of a container, line by line; absent for a folder of manifests. Needs `get` on `pods/log`. */
  podLog?(query: PodLogQuery, signal: AbortSignal): Promise<AsyncIterable<string>>;
  /**
   * A connection to a port of a pod, through the API server; absent for a folder of manifests. The stream fails with the kubelet's
   * reason. Needs `get` and, from Kubernetes 1.35 on, `create` on `pods/portforward`.
   */
  podPort?(query: PodPortQuery, signal: AbortSignal): Promise<Duplex>;
  /** Runs a program in a container; absent for a folder of manifests. Needs `get` and, from Kubernetes 1.35 on, `create` on `pods/exec`. */
  podExec?(query: PodExecQuery, signal: AbortSignal): Promise<PodOutput>;
  /** Version of the API server, as `v1.35.4`; absent for a folder of manifests. */
  version?(signal?: AbortSignal): Promise<string>;
  /** Kinds of a group version that the API server serves, such as those of `networking.istio.io/v1`; absent for a folder of manifests. */
  served?(groupVersion: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Where the API server is, for other clients; absent for a folder of manifests. */
  apiServer?(): Promise<ApiServerPlace>;
}

/** An API server as its kubeconfig names it. */
export interface ApiServerPlace {
  readonly server: URL;
  /** PEM of the certificate authority; absent if it is one of the system's. */
  readonly ca?: string;
}

export interface ConnectKubernetesOptions {
  /** Path of one kubeconfig file; else KUBECONFIG, ~/.kube/config, the service account of a pod. */
  readonly kubeconfig?: string;
  readonly context?: string;
  /** A folder of YAML instead of an API server. */
  readonly manifests?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly signal?: AbortSignal;
  /** Limit of each request, milliseconds; 15 000 when absent. */
  readonly timeoutMs?: number;
  /** Receives warnings and the output of a credential plugin. */
  readonly say?: (text: string) => void;
  /** Called after each request. */
  readonly tell?: (asked: Asked) => void;
}

/** One request to the API server, measured on this side. */
export interface Asked {
  /** The context. */
  readonly cluster: string;
  /** Imperative: `get Service vm/mysqldb`. */
  readonly name: string;
  readonly ms: number;
  /** Bytes of the bodies. */
  readonly sent: number;
  readonly received: number;
}
