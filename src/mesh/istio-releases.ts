import type { AffectedVersions } from './version.ts';

/** A defect of istiod that concerns VMs. */
export interface IstiodDefect extends AffectedVersions {
  /** Where it is described. */
  readonly source: string;
  /** What happens, as part of a sentence. */
  readonly effect: string;
  /** Only where some clients come through ztunnel. */
  readonly ambientOnly?: true;
}

/** Each was read in its pull request or in the release notes of the versions that fix it. */
export const ISTIOD_DEFECTS: readonly IstiodDefect[] = [
  {
    source: 'https://github.com/istio/istio/pull/59111',
    effect: 'a change of health that a VM reports while it connects can be lost, and clients keep or miss the VM',
    fixedIn: ['1.29.1', '1.30.0'],
  },
  {
    source: 'https://github.com/istio/istio/pull/60788',
    effect: 'entries of VMs get no tunnel label, and ambient clients reach them in plaintext',
    fixedIn: ['1.29.6', '1.30.3', '1.31.0'],
    ambientOnly: true,
  },
  {
    source: 'https://github.com/istio/istio/pull/60505',
    effect: 'it sends listeners that a sidecar older than 1.29.2 rejects, so upgrade istiod before the VMs',
    since: '1.29.2',
    fixedIn: ['1.29.5'],
  },
  {
    source: 'https://github.com/istio/istio/issues/51800',
    effect: 'entries of VMs have no locality, so locality load balancing ignores them',
    since: '1.19.0',
    fixedIn: ['1.21.6', '1.22.4'],
  },
];

/**
 * Oldest and newest minor version of Kubernetes 1 that each minor version of Istio 1 supports.
 * Source: https://istio.io/latest/docs/releases/supported-releases/, September 2026.
 */
export const SUPPORTED_KUBERNETES: Readonly<Record<number, readonly [oldest: number, newest: number]>> = {
  22: [27, 30],
  23: [27, 30],
  24: [28, 31],
  25: [29, 32],
  26: [29, 33],
  27: [29, 33],
  28: [30, 34],
  29: [31, 35],
  30: [32, 36],
};
