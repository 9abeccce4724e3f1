import type { BundleOptions } from '../mesh/current/bundle.ts';
import type { ClassicFacts, CurrentFacts } from '../mesh/cluster-facts.ts';
import type { VmFacts } from '../mesh/vm-facts.ts';
import type { Workload } from '../mesh/workload.ts';
import type { ExecutableWant } from '../reconcile/kinds/executable.ts';
import type { PackageWant } from '../reconcile/kinds/package.ts';
import type { FleetMark, RecordedOptions } from './membership-record.ts';

/** Everything `wantedVm` needs: the facts of the cluster, the workload and the machine. */
export type VmInput = CurrentVmInput | ClassicVmInput;

/** The package with the binaries: a .deb, an .rpm, a directory, or a URL with its sha256. */
export type VmPackage = Omit<PackageWant, 'kind'>;

interface EveryVmInput {
  readonly workload: Workload;
  readonly vm: VmFacts;
  /** Absent if the binaries are installed: the package step is left out. */
  readonly package?: VmPackage;
  /** Keys given to `configure`, which override those of the services. */
  readonly sidecar?: Readonly<Record<string, string>>;
  /** The machine's name resolution. A current VM without it keeps its nsswitch.conf. */
  readonly resolver?: ResolverRecord;
  /** Options of this join that the next run repeats; kept in the membership record. */
  readonly options?: RecordedOptions;
  /** The fleet that the VM belongs to; kept in the membership record. */
  readonly fleet?: FleetMark;
  /** For an image directory: nothing is started, no secret is written, units are enabled. */
  readonly image?: boolean;
}

/** The agent of a VM, as the operator's side made it. */
export interface VmAgent {
  /** Its program; absent if the VM keeps the one that it has. */
  readonly program?: Omit<ExecutableWant, 'kind' | 'name' | 'base'>;
  /** Text of agent.yaml. */
  readonly settings: string;
  /** Texts of the files of the services, by name of the file. */
  readonly services: Readonly<Record<string, string>>;
  /** Names of files of services that left the VM. */
  readonly formerServices?: readonly string[];
  /** The services that are drained before their units stop, and those that no longer are. */
  readonly drains?: readonly UnitDrain[];
  readonly formerDrains?: readonly string[];
  /** `system:serviceaccount:NAMESPACE:NAME` of its token for the API server; absent without one. */
  readonly subject?: string;
  /** `metadata.uid` of that account; absent before it is made. */
  readonly accountUid?: string;
}

/** A service that is drained before its unit of systemd stops. */
export interface UnitDrain {
  readonly service: string;
  readonly unit: string;
  /** How long open connections may take to end. */
  readonly limitMs: number;
}

/** A VM of a current mesh. */
export interface CurrentVmInput extends EveryVmInput {
  readonly generation: 'current';
  readonly cluster: CurrentFacts;
  readonly bundle?: BundleOptions;
  /** Name of the token in apply's `Sources.secret`; `istio-token` by default. */
  readonly tokenSecret?: string;
  /** Absent: the steps have nothing to do with an agent. `stopped`: the agent of an earlier join does not run. */
  readonly agent?: VmAgent | 'stopped';
}

/** A VM of a classic mesh. */
export interface ClassicVmInput extends EveryVmInput {
  readonly generation: 'classic';
  readonly cluster: ClassicFacts;
  readonly resolver: ResolverRecord;
}

/** The machine's name resolution, as the preflight probe read it. */
export interface ResolverRecord {
  /** Text of /etc/resolv.conf, and its target if it is a link. */
  readonly resolvConf: string;
  readonly link?: string;
  /** `DNS=` lines of systemd-resolved's configuration, without meshx's. */
  readonly resolved?: readonly string[];
  /** Text of /etc/nsswitch.conf. */
  readonly nsswitch: string;
  /** Active units, of those that preflight.root.sh names. */
  readonly active: readonly string[];
  /** Installed programs, of those that it names. */
  readonly programs: readonly string[];
  /** Existing files, of those that it names. */
  readonly files: readonly string[];
}
