import type { Resource } from '../reconcile/resource.ts';
import { vmProblems } from '../problems/vm.ts';
import { render } from '../templates.ts';
import type { ResolverRecord } from './input.ts';
import { type ResolverOwner, resolverOwner } from './resolver/owner.ts';
import { rootFile } from './wants.ts';

/** How programs on the machine resolve classic names. */
export interface ResolverDecision {
  readonly owner: Exclude<ResolverOwner, 'unknown'>;
  /** The signs that were checked, in order, with their results. */
  readonly trail: readonly string[];
  readonly wants: readonly Resource[];
  /** Units that must start at boot. */
  readonly units: readonly string[];
}

export interface ClassicNames {
  /** Text of the kubedns file. */
  readonly kubedns: string;
  /** Every name or domain that kubedns answers. */
  readonly domains: readonly string[];
}

const LOCAL = 'nameserver 127.0.0.1';
const DNSMASQ = 'dnsmasq.service';
/** Only on 127.0.0.1: a stub resolver may have 127.0.0.53, and other machines must not use this one. */
const LOOPBACK_ONLY =
  '# Written by meshx. Changes made by hand are lost at the next run.\nlisten-address=127.0.0.1\nbind-interfaces\n';

/**
 * Puts dnsmasq with kubedns first, through the program that owns resolv.conf. The previous servers follow it, so other names resolve
 * if it is down. Pure. Throws `resolver-unknown` and `dnsmasq-missing`.
 */
export function resolverDecision(record: ResolverRecord, names: ClassicNames): ResolverDecision {
  const { owner, trail } = resolverOwner(record);
  if (owner === 'unknown') throw vmProblems.resolverUnknown({ link: record.link ?? '', trail });
  if (!record.programs.includes('dnsmasq')) throw vmProblems.dnsmasqMissing({ trail });
  if (owner === 'network-manager') return { owner, trail, ...networkManager(names) };
  const { wants, reads } = ARRANGEMENTS[owner](record, names);
  return { owner, trail, wants: [...dnsmasq(names), ...wants, ...dnsmasqRuns(reads)], units: [DNSMASQ] };
}

interface Arrangement {
  readonly wants: readonly Resource[];
  /** Files that dnsmasq reads besides kubedns. */
  readonly reads: readonly string[];
}

const RESOLVED_CONF = '/etc/systemd/resolved.conf.d/meshx.conf';
const RESOLVCONF_HEAD = '/etc/resolvconf/resolv.conf.d/head';
/** dnsmasq's servers for all other names. */
const UPLINK = '/etc/dnsmasq.d/meshx-uplink';

const ARRANGEMENTS: Readonly<
  Record<
    Exclude<ResolverOwner, 'network-manager' | 'unknown'>,
    (record: ResolverRecord, names: ClassicNames) => Arrangement
  >
> = {
  'systemd-resolved': (record, { domains }) => ({
    wants: [
      rootFile(UPLINK, uplink(record)),
      directory('/etc/systemd/resolved.conf.d'),
      rootFile(RESOLVED_CONF, render('resolved.conf', { DOMAINS: domains.map((domain) => `~${domain}`).join(' ') })),
      { kind: 'unit', name: 'systemd-resolved.service', reads: [RESOLVED_CONF] },
    ],
    reads: [UPLINK],
  }),
  resolvconf: () => ({
    wants: [
      { kind: 'line', path: RESOLVCONF_HEAD, line: LOCAL },
      { kind: 'unit', name: 'resolvconf.service', reads: [RESOLVCONF_HEAD] },
    ],
    reads: [],
  }),
  dhclient: (record) => ({
    wants: [
      { kind: 'line', path: '/etc/dhcp/dhclient.conf', line: 'prepend domain-name-servers 127.0.0.1;' },
      directory('/etc/dhcp/dhclient-enter-hooks.d'),
      rootFile('/etc/dhcp/dhclient-enter-hooks.d/meshx', render('dhclient-enter-hook', {})),
      rootFile('/etc/resolv.conf', localFirst(record.resolvConf)),
    ],
    reads: [],
  }),
  plain: (record) => ({ wants: [rootFile('/etc/resolv.conf', localFirst(record.resolvConf))], reads: [] }),
};

/**
 * A routing domain belongs to a link, or to all global servers: if dnsmasq were one of several, resolved would query the others for
 * mesh names too. So dnsmasq becomes the only global server and forwards to the previous ones; servers of links are in resolved's own
 * list, from which dnsmasq ignores its own address.
 */
function uplink({ resolved = [] }: ResolverRecord): string {
  const servers = resolved.reduce<readonly string[]>((before, line) => {
    const value = line.replace(/^[^=]*=/, '').trim();
    // An empty value resets the list (resolved.conf(5)).
    return value === '' ? [] : [...before, ...value.split(/\s+/)];
  }, []);
  const lines = [...new Set(servers.map(dnsmasqServer))].map((server) => `server=${server}\n`);
  return ['resolv-file=/run/systemd/resolve/resolv.conf\n', ...lines].join('');
}

/** `10.0.0.2:5353%eth0#name` of resolved.conf(5) as `10.0.0.2#5353`, `[fd00::2]:53` as `fd00::2#53`. */
function dnsmasqServer(text: string): string {
  const plain = text.replace(/[%#].*$/, '');
  const [, six, four, port] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(plain) ?? [];
  return port === undefined ? plain : `${six ?? four ?? ''}#${port}`;
}

/** With dns=dnsmasq NetworkManager runs its own dnsmasq, as the only server of resolv.conf. */
function networkManager({ kubedns }: ClassicNames): Pick<ResolverDecision, 'wants' | 'units'> {
  const conf = '/etc/NetworkManager/conf.d/meshx.conf';
  const names = '/etc/NetworkManager/dnsmasq.d/kubedns';
  const text = '# Written by meshx. Changes made by hand are lost at the next run.\n[main]\ndns=dnsmasq\n';
  return {
    wants: [
      directory('/etc/NetworkManager/dnsmasq.d'),
      rootFile(names, kubedns),
      rootFile(conf, text),
      { kind: 'unit', name: 'NetworkManager.service', reads: [conf, names] },
    ],
    units: [],
  };
}

function dnsmasq({ kubedns }: ClassicNames): readonly Resource[] {
  return [rootFile('/etc/dnsmasq.d/kubedns', kubedns), rootFile('/etc/dnsmasq.d/meshx', LOOPBACK_ONLY)];
}

function dnsmasqRuns(reads: readonly string[]): readonly Resource[] {
  return [{ kind: 'unit', name: DNSMASQ, reads: ['/etc/dnsmasq.d/kubedns', '/etc/dnsmasq.d/meshx', ...reads] }];
}

function directory(path: string): Resource {
  return { kind: 'directory', path, owner: 'root:root', mode: '0755' };
}

/** resolv.conf with 127.0.0.1 before the other servers; the C library uses at most three. */
function localFirst(resolvConf: string): string {
  const lines = resolvConf
    .trimEnd()
    .split('\n')
    .filter((line) => line.trim() !== LOCAL);
  const first = lines.findIndex((line) => line.startsWith('nameserver'));
  const at = first < 0 ? lines.length : first;
  return `${[...lines.slice(0, at), LOCAL, ...lines.slice(at)].join('\n').trim()}\n`;
}
