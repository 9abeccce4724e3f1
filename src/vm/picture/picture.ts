import type { Tables } from '../capture-rules/rules.ts';

/** A unit of systemd, as `systemctl show` prints it. */
export interface UnitState {
  readonly name: string;
  /** `loaded`, `not-found`, `masked`. */
  readonly load: string;
  /** `active`, `failed`, `inactive`, `activating`. */
  readonly active: string;
  /** `enabled`, `disabled`, `static`; empty without a file. */
  readonly file: string;
  /** `success`, or why it failed. */
  readonly result: string;
  /** Since systemd last loaded the unit. */
  readonly restarts: number;
  /** Its file was changed, and systemd still has the former one. */
  readonly changed: boolean;
}

/** A process of a sidecar. Programs are identified by their executable. */
export interface SidecarProcess {
  readonly pid: number;
  readonly program: string;
  readonly parent: number;
  readonly uid: number;
}

/** Lifetime of a certificate or a token. */
export interface Lifetime {
  readonly from?: Date;
  readonly until: Date;
}

/** How the VM reaches istiod, as the sidecar's user. */
export interface IstiodWay {
  readonly name: string;
  readonly port: number;
  /** The name that istiod's certificate must cover. */
  readonly says: string;
  readonly addresses: readonly string[];
  /** Milliseconds of the lookup. */
  readonly tookMs: number;
  readonly open: readonly string[];
  readonly closed: readonly string[];
  /** What openssl said, and istiod's certificate as PEM; absent where TLS was not tried. */
  readonly tls?: { readonly said: readonly string[]; readonly certificate: string };
}

/** The way of large packets to istiod. */
export interface PathWay {
  /** As `ip route get` prints it. */
  readonly route: string;
  readonly device?: string;
  readonly mtu?: number;
  /** Whether an answer came to a ping of the smallest and of the full size; absent where none was sent. */
  readonly small?: boolean;
  readonly full?: boolean;
  /** The largest of the usual sizes that arrives where the full one does not, in bytes. */
  readonly fits?: number;
}

/** Free space of a mounted filesystem. */
export interface Space {
  readonly mount: string;
  readonly kind: 'bytes' | 'inodes';
  readonly free: number;
  readonly all: number;
}

/** What the sidecar's user may not do with one of its files. */
interface Denied {
  readonly may: 'read' | 'write';
  readonly path: string;
}

/** A name of the mesh, as an ordinary user resolves it. */
interface ResolvedName {
  readonly name: string;
  readonly tookMs: number;
  readonly addresses: readonly string[];
}

/** What a mesh VM says about itself. A part that was not answered in time is absent. Texts are untrusted. */
export interface VmPicture {
  readonly units?: readonly UnitState[];
  /** Texts of cluster.env, instance.env and sidecar.env, by their path; in the order in which later ones win. */
  readonly env?: ReadonlyMap<string, string>;
  /** Text of /etc/istio/config/mesh; empty without the file. */
  readonly meshConfig?: string;
  readonly processes?: readonly SidecarProcess[];
  /** Variables of the running agent that the env files name, by its process. */
  readonly environments?: ReadonlyMap<number, ReadonlyMap<string, string>>;
  /** Version of the installed package; empty where none is. */
  readonly packageVersion?: string;
  /** Files of the sidecar that its user may not read or write. */
  readonly denied?: readonly Denied[];
  /** The nat rules of each iptables program whose tables are loaded. */
  readonly nat?: readonly { readonly program: string; readonly tables: Tables }[];
  /** PEM texts by path. */
  readonly certificates?: ReadonlyMap<string, string>;
  /** Lifetimes of tokens by path. */
  readonly tokens?: ReadonlyMap<string, Lifetime>;
  readonly disk?: readonly Space[];
  /** The answer of the agent's socket; empty if it gave none. null where no agent is installed. */
  readonly agent?: string | null;
  /** `true` if names of the mesh are resolved by the sidecar. */
  readonly dnsCapture?: boolean;
  /** null without Envoy's answer, or where it knows no Service. */
  readonly meshName?: ResolvedName | null;
  readonly istiod?: IstiodWay;
  /** null where the name of istiod has no address. */
  readonly path?: PathWay | null;
  /** Gateways to other networks. */
  readonly eastWest?: readonly { readonly address: string; readonly open: boolean }[];
  /** Output of `capture status`; empty without meshx's capture. */
  readonly capture?: string;
  /** Settings of the loaded rules. */
  readonly loaded?: ReadonlyMap<string, string>;
  /** Name servers of /etc/resolv.conf, and those with which the sidecar started. */
  readonly nameServers?: { readonly now: readonly string[]; readonly atStart?: readonly string[] };
  /** Name servers, also those behind a stub, and whether they answer the sidecar's user. */
  readonly answering?: readonly { readonly address: string; readonly answers: boolean }[];
  readonly hasSudo?: boolean;
  /** Output of the question `ready`. */
  readonly ready?: string;
  /** Texts of Envoy's pages; empty if Envoy did not answer. */
  readonly certs?: string;
  readonly stats?: string;
  /** Version of the running sidecar; empty if Envoy did not answer. */
  readonly version?: string;
  /** Last lines of the sidecar's log about rejected configuration. */
  readonly rejected?: readonly string[];
}
