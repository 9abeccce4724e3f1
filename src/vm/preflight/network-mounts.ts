import type { Finding } from '../finding.ts';
import { hostCidr, type Scanned } from './exclusions.ts';
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

/**
 * Filesystems and disks of other machines. The kernel's own connections belong to no user, so capture would take them, and an
 * NFS server refuses a client whose port is not below 1024: their servers stay out of capture.
 */
export function mountScans(answers: Answers): readonly Scanned[] {
  const mounts = lines(answers, 'mount').map((line) => line.split(' '));
  const disks = lines(answers, 'iscsi').map((address) => ['iscsi', address, 'a disk', address]);
  const mounted = [...mounts, ...disks];
  const later = lines(answers, 'fstab')
    .map((line) => line.split(' '))
    .filter(([, source]) => !mounts.some((mount) => mount[1] === source));
  if (mounted.length === 0 && later.length === 0) return [];
  const cidrs = [...new Set(mounted.flatMap((mount) => addresses(mount)))].sort();
  // Where no address is known yet, or a cluster of servers answers, the ports have to do.
  const loose = [...later, ...mounted.filter((mount) => addresses(mount).length === 0)];
  const ports = [...new Set(loose.flatMap(([type = '']) => PORTS[type] ?? []))].sort((a, b) => a - b);
  return [{ findings: [finding([...mounted, ...later], cidrs, ports)], exclusions: { cidrs, outboundPorts: ports } }];
}

function addresses([, , , ...given]: readonly string[]): readonly string[] {
  return given.flatMap((address) => hostCidr(address) ?? []);
}

function finding(all: readonly (readonly string[])[], cidrs: readonly string[], ports: readonly number[]): Finding {
  const named = all.slice(0, 3).map(([type, source, where]) => `${where} (${type} ${source})`);
  const more = all.length > 3 ? ` and ${all.length - 3} more` : '';
  const out = [...cidrs, ...(ports.length > 0 ? [`TCP to port ${ports.join(', ')}`] : [])].join(', ');
  const message = `The kernel itself connects to other machines for ${named.join(', ')}${more}. Out of capture stay: ${out}.`;
  const hint = 'A further server needs another run of meshx up, before it is mounted.';
  return { id: 'network-mounts', severity: 'note', message, hint };
}
