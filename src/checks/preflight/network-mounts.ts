import { networkMounts } from '../../vm/preflight/network-mounts.ts';
import type { Seen } from '../check.ts';
import { note, type MachineCheck, type MachineFacts } from './machine.ts';

/** The kernel's own connections to file servers. */
export const mountChecks: readonly MachineCheck[] = [
  note('capture', 'network-mounts', 'the kernel reaches its network filesystems', mounts),
];

function mounts({ machine }: MachineFacts): readonly Seen[] {
  const found = networkMounts(machine);
  if (!found) return [];
  const { mounts: all, cidrs, ports } = found;
  const named = all.slice(0, 3).map(([type, source, where]) => `${where} (${type} ${source})`);
  const more = all.length > 3 ? ` and ${all.length - 3} more` : '';
  const out = [...cidrs, ...(ports.length > 0 ? [`TCP to port ${ports.join(', ')}`] : [])].join(', ');
  const detail = `The kernel connects to other machines for ${named.join(', ')}${more}. These stay out of capture: ${out}.`;
  return [{ ok: true, detail, hint: 'Before you mount from another server, run meshx up again.' }];
}
