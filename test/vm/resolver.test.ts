import fc from 'fast-check';
import { classicKubedns } from '../../src/mesh/classic/files.ts';
import type { ResolverRecord } from '../../src/vm/input.ts';
import { nsswitchWithDnsFirst } from '../../src/vm/nsswitch.ts';
import { resolverDecision } from '../../src/vm/resolver.ts';
import type { ResolverOwner } from '../../src/vm/resolver/owner.ts';
import { aClassicCluster, aResolver } from './world.ts';

const NAMES = { kubedns: classicKubedns(aClassicCluster()), domains: ['svc.cluster.local', 'istio-pilot'] };
const decide = (record: Partial<ResolverRecord>) => resolverDecision(aResolver(record), NAMES);
const contentOf = (record: Partial<ResolverRecord>, path: string): string => {
  const want = decide(record).wants.find((each) => 'path' in each && each.path === path);
  return want?.kind === 'file' ? want.content : want?.kind === 'line' ? want.line : 'nothing';
};

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

describe('who owns resolv.conf', () => {
  const table: readonly (readonly [ResolverOwner, Partial<ResolverRecord>])[] = [
    ['systemd-resolved', RESOLVED],
    ['systemd-resolved', { ...RESOLVED, active: ['NetworkManager', 'systemd-resolved'] }],
    ['network-manager', MANAGER],
    ['network-manager', { ...MANAGER, active: ['NetworkManager', 'systemd-resolved'] }],
    ['resolvconf', RESOLVCONF],
    ['dhclient', DHCLIENT],
    ['plain', {}],
    ['plain', { programs: ['dnsmasq', 'dhclient'] }],
  ];
  test.each(table)('%s: %j', (owner, record) => {
    expect(decide(record).owner).toBe(owner);
  });

  test('a link of an unknown owner is refused by name, with the trail', () => {
    expect(() => decide({ link: '/run/connman/resolv.conf' })).toThrow(
      expect.objectContaining({ id: 'resolver-unknown', message: expect.stringContaining('/run/connman/resolv.conf') }),
    );
  });

  test('the trail tells what was looked at, up to the sign that decided', () => {
    expect(decide(MANAGER).trail).toEqual([
      'systemd-resolved runs and manages resolv.conf: no',
      'NetworkManager runs: yes',
    ]);
  });

  test('without dnsmasq a classic VM is refused', () => {
    expect(() => decide({ programs: [] })).toThrow(expect.objectContaining({ id: 'dnsmasq-missing' }));
  });
});

describe('what is put into place', () => {
  test('127.0.0.1 comes before the former servers', () => {
    expect(contentOf({}, '/etc/resolv.conf')).toBe(
      'search c.project.internal\nnameserver 127.0.0.1\nnameserver 169.254.169.254\n',
    );
  });

  test('dhclient gets its line, and a hook that acts on the client that runs', () => {
    expect(contentOf(DHCLIENT, '/etc/dhcp/dhclient.conf')).toBe('prepend domain-name-servers 127.0.0.1;');
    expect(contentOf(DHCLIENT, '/etc/dhcp/dhclient-enter-hooks.d/meshx')).toContain(
      'new_domain_name_servers="127.0.0.1 ',
    );
    expect(decide(DHCLIENT).wants.some((want) => want.kind === 'unit' && want.name.startsWith('networking'))).toBe(
      false,
    );
  });

  test('systemd-resolved keeps resolv.conf; mesh names alone are routed to dnsmasq', () => {
    expect(contentOf(RESOLVED, '/etc/resolv.conf')).toBe('nothing');
    expect(contentOf(RESOLVED, '/etc/systemd/resolved.conf.d/meshx.conf')).toContain(
      'DNS=\nDNS=127.0.0.1\nDomains=~svc.cluster.local ~istio-pilot\n',
    );
    expect(contentOf(RESOLVED, '/etc/dnsmasq.d/meshx-uplink')).toBe('resolv-file=/run/systemd/resolve/resolv.conf\n');
  });

  test('dnsmasq forwards to the global servers of systemd-resolved', () => {
    const resolved = ['DNS=9.9.9.9', 'DNS=', 'DNS=10.0.0.2 10.0.0.3:5353#dns.test', ' DNS = fd00::2 [fd00::3]:53%eth0'];
    expect(contentOf({ ...RESOLVED, resolved }, '/etc/dnsmasq.d/meshx-uplink')).toBe(
      'resolv-file=/run/systemd/resolve/resolv.conf\nserver=10.0.0.2\nserver=10.0.0.3#5353\nserver=fd00::2\nserver=fd00::3#53\n',
    );
  });

  test('NetworkManager runs its own dnsmasq with our names', () => {
    expect(contentOf(MANAGER, '/etc/NetworkManager/dnsmasq.d/kubedns')).toBe(NAMES.kubedns);
    expect(decide(MANAGER).units).toEqual([]);
  });

  test('resolvconf gets a line in its head', () => {
    expect(contentOf(RESOLVCONF, '/etc/resolvconf/resolv.conf.d/head')).toBe('nameserver 127.0.0.1');
  });

  test('the line in resolv.conf is up to date the next time', () => {
    const line = fc.constantFrom(
      'nameserver 127.0.0.1',
      'nameserver 8.8.8.8',
      'nameserver fd00::1',
      'search a b',
      'options edns0',
      '# text',
      '',
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const once = contentOf({ resolvConf: `${lines.join('\n')}\n` }, '/etc/resolv.conf');
        expect(contentOf({ resolvConf: once }, '/etc/resolv.conf')).toBe(once);
        expect(once.match(/^nameserver .*$/m)?.[0]).toBe('nameserver 127.0.0.1');
      }),
    );
  });
});

describe('nsswitch.conf', () => {
  test.each([
    ['files resolve [!UNAVAIL=return] dns', 'files dns resolve [!UNAVAIL=return]'],
    [
      'files mymachines resolve [!UNAVAIL=return] myhostname dns',
      'files mymachines dns resolve [!UNAVAIL=return] myhostname',
    ],
    ['files resolve', 'files dns resolve'],
  ])('dns comes before nss-resolve: %s', (before, after) => {
    const text = `passwd: files\nhosts:          ${before}\nnetworks: files\n`;
    expect(nsswitchWithDnsFirst(text)).toBe(`passwd: files\nhosts: ${after}\nnetworks: files\n`);
  });

  test('a text like the line of hosts stays elsewhere in the file', () => {
    const text = '#hosts: files resolve\nhosts: files resolve\n';
    expect(nsswitchWithDnsFirst(text)).toBe('#hosts: files resolve\nhosts: files dns resolve\n');
  });

  test('a second look changes nothing, and neither does a file without nss-resolve', () => {
    expect(nsswitchWithDnsFirst('hosts: files dns resolve\n')).toBeUndefined();
    expect(nsswitchWithDnsFirst('hosts:   files dns\n')).toBeUndefined();
    expect(nsswitchWithDnsFirst('passwd: files\n')).toBeUndefined();
  });
});
