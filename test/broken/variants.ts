import type { Suite } from '../lab/build/root-file-system.ts';

export const VARIANT_NAMES = ['debian-12', 'debian-13', 'debian-12-ipv6'] as const;
export type VariantName = (typeof VARIANT_NAMES)[number];

/** Which kind of VM is in the mesh. */
export interface Variant {
  readonly suite: Suite;
  /** Its second address. */
  readonly ipv6?: string;
  /** For people. */
  readonly what: string;
}

export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  'debian-12': { suite: 'bookworm', what: 'Debian 12' },
  'debian-13': { suite: 'trixie', what: 'Debian 13' },
  'debian-12-ipv6': { suite: 'bookworm', ipv6: 'fd00:150::150', what: 'Debian 12 with IPv6' },
};
