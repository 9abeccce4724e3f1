import { judgeAll } from '../../../src/checks/judge.ts';
import type { MachineFacts } from '../../../src/checks/preflight/machine.ts';
import { resolverChecks } from '../../../src/checks/preflight/resolver.ts';
import type { ResolverRecord } from '../../../src/vm/input.ts';
import { aResolver } from '../../vm/world.ts';

const DHCLIENT: Partial<ResolverRecord> = { programs: ['dnsmasq', 'dhclient'], files: ['/etc/dhcp/dhclient.conf'] };
const RESOLVED: Partial<ResolverRecord> = {
  link: '../run/systemd/resolve/stub-resolv.conf',
  resolvConf: 'nameserver 127.0.0.53\n',
  active: ['systemd-resolved'],
};
const MANAGER: Partial<ResolverRecord> = { active: ['NetworkManager'] };
const RESOLVCONF: Partial<ResolverRecord> = {
  link: '/run/resolvconf/resolv.conf',
  programs: ['dnsmasq', 'resolvconf'],
};

describe('what is said of the arrangement', () => {
  const said = (record: Partial<ResolverRecord>, generation: 'current' | 'classic' = 'current') =>
    judgeAll(resolverChecks, {
      machine: {},
      now: new Date(0),
      // as: of all that was inspected and is compared, the check reads these alone.
      inspection: {
        resolver: aResolver(record),
        facts: { addresses: ['10.150.0.5'] },
      } as unknown as MachineFacts['inspection'],
      input: { generation } as MachineFacts['input'],
    });

  test.each<readonly [string, Partial<ResolverRecord>]>([
    ['resolv.conf is a plain file; DNS capture redirects 169.254.169.254 while the sidecar runs.', {}],
    ['systemd-resolved manages resolv.conf; DNS capture redirects 127.0.0.53 while the sidecar runs.', RESOLVED],
    [
      'dhclient writes resolv.conf; DNS capture redirects 127.0.0.1 while the sidecar runs, but not 10.150.0.2.',
      { ...DHCLIENT, resolvConf: 'nameserver 127.0.0.1\nnameserver 10.150.0.2\n' },
    ],
    [
      'resolvconf manages resolv.conf and names no server, so DNS capture redirects nothing.',
      { ...RESOLVCONF, resolvConf: '# nothing yet\n' },
    ],
    [
      'resolv.conf is managed by a program that meshx does not know; DNS capture redirects 10.0.0.2 while the sidecar runs.',
      { link: '/run/connman/resolv.conf', resolvConf: 'nameserver 10.0.0.2\n' },
    ],
  ])('%s', (sentence, record) => {
    expect(said(record)).toEqual([expect.objectContaining({ severity: 'note', detail: `DNS: ${sentence}` })]);
  });

  test('a classic mesh captures no DNS', () => {
    expect(said(MANAGER, 'classic')[0]?.detail).toBe('DNS: NetworkManager manages resolv.conf.');
  });
});
