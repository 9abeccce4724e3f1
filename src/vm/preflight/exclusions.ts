import { networkMounts } from './network-mounts.ts';
import { otherNetworks } from './networks.ts';
import type { Answers } from './probe.ts';
import { loginDirectory, PLATFORM_ADDRESS, platformAgent } from './remote-logins.ts';

/** What traffic capture leaves alone on a machine: its logins, its network filesystems, the networks of its containers. */
export interface CaptureExclusions {
  /** Ranges that are never captured, sorted: `10.0.0.9/32`. */
  readonly cidrs: readonly string[];
  /** Ports of other machines, sorted. */
  readonly outboundPorts: readonly number[];
  /** Interfaces, sorted: neither what arrives there nor what leaves there is captured. */
  readonly interfaces: readonly string[];
}

/** What follows for capture from what else lives on the machine. Pure. */
export function captureExclusions(answers: Answers): CaptureExclusions {
  const { bridges, tunnels } = otherNetworks(answers);
  const directory = loginDirectory(answers);
  const mounts = networkMounts(answers);
  return mergeExclusions([
    { interfaces: bridges },
    { interfaces: tunnels },
    { outboundPorts: directory?.ports ?? [], cidrs: directory?.cidrs ?? [] },
    { cidrs: platformAgent(answers) === undefined ? [] : [`${PLATFORM_ADDRESS}/32`] },
    { outboundPorts: mounts?.ports ?? [], cidrs: mounts?.cidrs ?? [] },
  ]);
}

/** Each list once and sorted, so that two looks at an unchanged machine give the same files. */
export function mergeExclusions(parts: readonly Partial<CaptureExclusions>[]): CaptureExclusions {
  const all = <T>(list: (part: Partial<CaptureExclusions>) => readonly T[] | undefined): readonly T[] => [
    ...new Set(parts.flatMap((part) => list(part) ?? [])),
  ];
  return {
    cidrs: [...all(({ cidrs }) => cidrs)].sort(),
    outboundPorts: [...all(({ outboundPorts }) => outboundPorts)].sort((a, b) => a - b),
    interfaces: [...all(({ interfaces }) => interfaces)].sort(),
  };
}
