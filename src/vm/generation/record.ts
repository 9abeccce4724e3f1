import type { BundleOptions } from '../../mesh/current/bundle.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { ResolverRecord, VmInput } from '../input.ts';

/** What is known of a VM of either generation. */
type SharedVmInput = Pick<VmInput, 'workload' | 'vm' | 'package' | 'sidecar' | 'options' | 'image'> & {
  readonly resolver: ResolverRecord;
};

/** What a VM of one generation has that one of the other has not. Pure. */
export interface VmGeneration<Input extends VmInput = VmInput> {
  /** All that decides about a VM, as one value. */
  input(cluster: Input['cluster'], shared: SharedVmInput, bundle: BundleOptions): Input;
  /** From bottom to top, in the order of setup. */
  steps(input: Input): readonly Step[];
  /** The steps that run what a package brings, in their order. */
  running(): readonly Step[];
  /** A sidecar that leaves for good is stopped as soon as it has no connection left, before its units are undone. */
  readonly stopsWhenDrained: boolean;
  /** What an image must not hold and a machine needs at its first boot. */
  readonly imageSecret: string;
  /** How long the words to the host's firewall last. */
  readonly firewallHint: string;
}
