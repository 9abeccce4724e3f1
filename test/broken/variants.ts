import type { Suite } from '../lab/build/root-file-system.ts';

export const VARIANT_NAMES = ['debian-12', 'debian-13'] as const;
export type VariantName = (typeof VARIANT_NAMES)[number];

/** Which kind of VM is in the mesh. */
export interface Variant {
  readonly suite: Suite;
  /** For people. */
  readonly what: string;
}

export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  'debian-12': { suite: 'bookworm', what: 'Debian 12' },
  'debian-13': { suite: 'trixie', what: 'Debian 13' },
};
