import type { AccessEntry } from '../../mesh/access-entry.ts';
import type { Meeting } from '../../mesh/mutual-tls.ts';
import type { Reply, WebRequest } from '../../mesh/web-request.ts';

/** Who sends a request. A machine that is not in the mesh has no sidecar. */
export interface Client {
  readonly kind: 'here' | 'vm' | 'pod' | 'gateway';
  /** `this machine`, `VM istio-vm`, `Pod web/client-1`. */
  readonly name: string;
}

/** A proxy whose access log may show the request. */
export interface LogSide {
  /** As in its entries. */
  readonly name: string;
  readonly role: 'client' | 'server' | 'both';
  /** `unknown`: the proxy did not say; `unread`: its log could not be read, and why. */
  readonly logging: 'on' | 'off' | 'unknown' | { readonly unread: string };
}

/** What one cluster of Envoy did with one endpoint during the request. */
export interface Counted {
  /** The VM whose Envoy counted. */
  readonly proxy: string;
  /** `outbound|3306||mysqldb.vm.svc.cluster.local` */
  readonly cluster: string;
  readonly endpoint: string;
  readonly connections: number;
  readonly requests: number;
  /** Connections and requests that failed. */
  readonly failed: number;
}

/** A counter of Istio that grew in the VM's Envoy: `istio_requests_total` with its labels. */
export interface GrownCounter {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What should have happened; what is absent is not judged. */
export interface Expected {
  readonly status?: number;
  readonly body?: string;
  readonly title?: string;
  /** Endpoints that are registered for the service, ADDRESS:PORT. */
  readonly endpoints?: readonly string[];
  /** Names of the service that its clients may use, with and without the port. */
  readonly authorities?: readonly string[];
  /** What the policies prescribe for this client. */
  readonly meeting?: Meeting;
  /** The VM that serves, as its log names it. */
  readonly server?: string;
}

/** What the connection of a client met that sends no HTTP. */
export interface ConnectionSeen {
  /** `10.150.0.5:3306` or with a name. */
  readonly target: string;
  /** Whether bytes of the server came, or the connection stayed open; `untried`: the client has no program for it. */
  readonly outcome: 'bytes' | 'open' | 'failed' | 'untried';
  readonly detail: string;
}

/** One request or connection, and all that was seen of it. */
export interface RequestSeen {
  readonly client: Client;
  /** HTTP. */
  readonly request?: WebRequest;
  readonly reply?: Reply;
  /** TCP. */
  readonly connection?: ConnectionSeen;
  /** Lines of this request alone, of all sides. */
  readonly entries: readonly AccessEntry[];
  readonly sides: readonly LogSide[];
  readonly counted: readonly Counted[];
  readonly counters: readonly GrownCounter[];
  readonly expected: Expected;
}
