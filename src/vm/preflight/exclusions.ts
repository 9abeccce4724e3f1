import { networkMounts } from './network-mounts.ts';
import { otherNetworks } from './networks.ts';
import type { Answers } from './probe.ts';
import { loginDirectory, PLATFORM_ADDRESS, platformAgent } from './remote-logins.ts';

/** What traffic capture excludes on a machine: its logins, network filesystems and container networks. */
export interface CaptureExclusions {
  /** Ranges that are never captured, sorted: `10.0.0.9/32`. */
  readonly cidrs: readonly string[];
  /** Ports of other machines, sorted. */
  readonly outboundPorts: readonly number[];
  /** Interfaces whose traffic is not captured in either direction, sorted. */
  readonly interfaces: readonly string[];
}

/** The exclusions for the other software on the machine. Pure. */
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

/** Merges lists, sorted and unique, so an unchanged machine always gets the same files. */
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
