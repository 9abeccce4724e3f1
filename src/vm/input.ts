import type { BundleOptions } from '../mesh/current/bundle.ts';
import type { ClassicFacts, CurrentFacts } from '../mesh/cluster-facts.ts';
import type { VmFacts } from '../mesh/vm-facts.ts';
import type { Workload } from '../mesh/workload.ts';
import type { PackageWant } from '../reconcile/kinds/package.ts';
import type { RecordedOptions } from './membership-record.ts';

/** Everything `wantedVm` needs, gathered before: what the cluster is, what the VM is to the mesh, what the machine is. */
export type VmInput = CurrentVmInput | ClassicVmInput;

/** Which package brings the binaries; the kind `package` knows a .deb, an .rpm, a directory and a URL with its sha256. */
export type VmPackage = Omit<PackageWant, 'kind'>;

interface EveryVmInput {
  readonly workload: Workload;
  readonly vm: VmFacts;
  /** Absent: the binaries are there already, and the package step is left out. */
  readonly package?: VmPackage;
  /** Keys that `configure` was given, on top of those that follow from the services. They win. */
  readonly sidecar?: Readonly<Record<string, string>>;
  /** What the preflight saw of the machine's name resolution. A current VM without it keeps its nsswitch.conf. */
  readonly resolver?: ResolverRecord;
  /** Options of this join that the next run repeats; kept in the membership record. */
  readonly options?: RecordedOptions;
  /** A directory that becomes an image: nothing is started, no secret is written, units are enabled. */
  readonly image?: boolean;
}

/** A VM of the istiod generation. */
export interface CurrentVmInput extends EveryVmInput {
  readonly generation: 'current';
  readonly cluster: CurrentFacts;
  readonly bundle?: BundleOptions;
  /** Name under which apply's `Sources.secret` gives the token; `istio-token` when absent. */
  readonly tokenSecret?: string;
}

/** A VM of the Pilot, Mixer, CA generation. */
export interface ClassicVmInput extends EveryVmInput {
  readonly generation: 'classic';
  readonly cluster: ClassicFacts;
  readonly resolver: ResolverRecord;
}

/** What the preflight probe saw of the machine's name resolution: plain answers, no judgement. */
export interface ResolverRecord {
  /** Text of /etc/resolv.conf, and where the link points when it is one. */
  readonly resolvConf: string;
  readonly link?: string;
  /** `DNS=` lines of systemd-resolved's configuration, without those of meshx. */
  readonly resolved?: readonly string[];
  /** Text of /etc/nsswitch.conf. */
  readonly nsswitch: string;
  /** Units that are active, of those that preflight.root.sh names. */
  readonly active: readonly string[];
  /** Programs that are installed, of those that it names. */
  readonly programs: readonly string[];
  /** Files that exist, of those that it names. */
  readonly files: readonly string[];
}
