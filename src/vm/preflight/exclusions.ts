import type { Finding } from '../finding.ts';

/** What traffic capture leaves alone on a machine: its logins, its network filesystems, the networks of its containers. */
export interface CaptureExclusions {
  /** Ranges that are never captured, sorted: `10.0.0.9/32`. */
  readonly cidrs: readonly string[];
  /** Ports of other machines, sorted. */
  readonly outboundPorts: readonly number[];
  /** Interfaces, sorted: neither what arrives there nor what leaves there is captured. */
  readonly interfaces: readonly string[];
}

/** What one part of the scan says: findings, and what follows for capture. */
export interface Scanned {
  readonly findings: readonly Finding[];
  readonly exclusions?: Partial<CaptureExclusions>;
}

/** All parts together; each list once and sorted, so that two looks at an unchanged machine give the same files. */
export function mergeScans(scans: readonly Scanned[]): { findings: readonly Finding[]; exclusions: CaptureExclusions } {
  const all = <T>(list: (exclusions: Partial<CaptureExclusions>) => readonly T[] | undefined): readonly T[] => [
    ...new Set(scans.flatMap(({ exclusions = {} }) => list(exclusions) ?? [])),
  ];
  return {
    findings: scans.flatMap(({ findings }) => findings),
    exclusions: {
      cidrs: [...all(({ cidrs }) => cidrs)].sort(),
      outboundPorts: [...all(({ outboundPorts }) => outboundPorts)].sort((a, b) => a - b),
      interfaces: [...all(({ interfaces }) => interfaces)].sort(),
    },
  };
}

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** One address as a range, `10.0.0.9/32`; undefined for a name, which would have to be looked up at each start. */
export function hostCidr(address: string): string | undefined {
  const plain = address.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (IPV4.test(plain)) return `${plain}/32`;
  return /^[0-9a-f:]+$/i.test(plain) && plain.includes(':') ? `${plain.toLowerCase()}/128` : undefined;
}
