import type { Step } from '../../reconcile/resource.ts';
import type { VmInput } from '../input.ts';

/** What a VM of one generation has that one of the other has not. Pure. */
export interface VmGeneration<Input extends VmInput = VmInput> {
  /** From bottom to top, in the order of setup. */
  steps(input: Input): readonly Step[];
  /** The steps that run what a package brings, in their order. */
  running(): readonly Step[];
  /** What an image must not hold and a machine needs at its first boot. */
  readonly imageSecret: string;
  /** How long the words to the host's firewall last. */
  readonly firewallHint: string;
}
