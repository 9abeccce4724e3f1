import type { Suite } from '../lab/build/root-file-system.ts';

/** Which kind of VM the cases run on. */
export interface Variant {
  readonly suite: Suite;
  /** How the agent reports: `health-channel` without a way to the API server. */
  readonly mode: 'api' | 'health-channel';
  /** For people. */
  readonly what: string;
}

export const VARIANT_NAMES = ['debian-12', 'debian-13', 'health-channel'] as const;
export type VariantName = (typeof VARIANT_NAMES)[number];

export const VARIANTS: Readonly<Record<VariantName, Variant>> = {
  'debian-12': { suite: 'bookworm', mode: 'api', what: 'Debian 12' },
  'debian-13': { suite: 'trixie', mode: 'api', what: 'Debian 13' },
  'health-channel': {
    ...{ suite: 'bookworm', mode: 'health-channel' },
    what: 'Debian 12, where the agent may not use the API server',
  },
};
