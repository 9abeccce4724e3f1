import type { ResolverRecord } from '../input.ts';

/** What manages /etc/resolv.conf. */
export type ResolverOwner = 'systemd-resolved' | 'network-manager' | 'resolvconf' | 'dhclient' | 'plain' | 'unknown';

/** The owner, and the signs that were checked, in order, with their results. */
export interface OwnerDecision {
  readonly owner: ResolverOwner;
  readonly trail: readonly string[];
}

/** Finds what would overwrite a manual change, from the most specific sign to the least. Pure. */
export function resolverOwner(record: ResolverRecord): OwnerDecision {
  const trail: string[] = [];
  for (const { owner, sign, found } of signs(record)) {
    trail.push(`${sign}: ${found ? 'yes' : 'no'}`);
    if (found) return { owner, trail };
  }
  return { owner: 'plain', trail };
}

interface Sign {
  readonly owner: ResolverOwner;
  readonly sign: string;
  readonly found: boolean;
}

function signs({ link = '', active, programs, files, resolvConf }: ResolverRecord): readonly Sign[] {
  const resolved = link.includes('/systemd/resolve/') || /^nameserver 127\.0\.0\.53$/m.test(resolvConf);
  return [
    {
      owner: 'systemd-resolved',
      sign: 'systemd-resolved runs and manages resolv.conf',
      found: active.includes('systemd-resolved') && resolved,
    },
    { owner: 'network-manager', sign: 'NetworkManager runs', found: active.includes('NetworkManager') },
    {
      owner: 'resolvconf',
      sign: 'resolvconf is installed and resolv.conf links to its file',
      found: programs.includes('resolvconf') && link.includes('resolvconf'),
    },
    { owner: 'unknown', sign: 'resolv.conf links elsewhere', found: link !== '' },
    {
      owner: 'dhclient',
      sign: 'dhclient is installed and configured',
      found: programs.includes('dhclient') && files.includes('/etc/dhcp/dhclient.conf'),
    },
  ];
}
