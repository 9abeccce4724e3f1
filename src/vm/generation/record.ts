import type { BundleOptions } from '../../mesh/current/bundle.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { CurrentVmInput, ResolverRecord, VmInput } from '../input.ts';

/** The facts of a VM of either generation. */
type SharedVmInput = Pick<VmInput, 'workload' | 'vm' | 'package' | 'sidecar' | 'options' | 'image'> &
  Pick<CurrentVmInput, 'agent'> & {
    readonly resolver: ResolverRecord;
  };

/** What differs between VMs of the generations. Pure. */
export interface VmGeneration<Input extends VmInput = VmInput> {
  /** Everything that `steps` needs. */
  input(cluster: Input['cluster'], shared: SharedVmInput, bundle: BundleOptions): Input;
  /** The steps, in the order of setup. */
  steps(input: Input): readonly Step[];
  /** The steps that run the package's programs, in order. */
  running(): readonly Step[];
  /** Whether a removed sidecar is killed once its connections have ended, before its units are undone. */
  readonly stopsWhenDrained: boolean;
  /** The secret that an image must not contain and that a machine needs at its first boot. */
  readonly imageSecret: string;
  /** When the rules in the host firewall end. */
  readonly firewallHint: string;
}
