import { hostCidr } from './addresses.ts';
import { type Answers, lines } from './probe.ts';

/** NFS and its portmapper, SMB, iSCSI. */
const PORTS: Readonly<Record<string, readonly number[]>> = {
  nfs: [111, 2049],
  nfs4: [2049],
  cifs: [445],
  smb3: [445],
  ceph: [3300, 6789],
  glusterfs: [24007],
  lustre: [988],
};

/** Filesystems and disks of other machines. */
export interface NetworkMounts {
  /** `TYPE SOURCE WHERE [ADDRESS…]`, split. */
  readonly mounts: readonly (readonly string[])[];
  readonly cidrs: readonly string[];
  /** For mounts without a known address, or with a cluster of servers. */
  readonly ports: readonly number[];
}

/**
 * The kernel's connections have no user, so capture would redirect them, and an NFS server refuses client ports above 1023: capture
 * excludes their servers.
 */
export function networkMounts(answers: Answers): NetworkMounts | undefined {
  const mounts = lines(answers, 'mount').map((line) => line.split(' '));
  const disks = lines(answers, 'iscsi').map((address) => ['iscsi', address, 'a disk', address]);
  const mounted = [...mounts, ...disks];
  const later = lines(answers, 'fstab')
    .map((line) => line.split(' '))
    .filter(([, source]) => !mounts.some((mount) => mount[1] === source));
  if (mounted.length === 0 && later.length === 0) return undefined;
  const cidrs = [...new Set(mounted.flatMap((mount) => addresses(mount)))].sort();
  const loose = [...later, ...mounted.filter((mount) => addresses(mount).length === 0)];
  const ports = [...new Set(loose.flatMap(([type = '']) => PORTS[type] ?? []))].sort((a, b) => a - b);
  return { mounts: [...mounted, ...later], cidrs, ports };
}

function addresses([, , , ...given]: readonly string[]): readonly string[] {
  return given.flatMap((address) => hostCidr(address) ?? []);
}
