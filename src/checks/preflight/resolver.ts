import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { ResolverRecord } from '../../vm/input.ts';
import { capturedServers } from '../../vm/resolver/capture.ts';
import { resolverOwner, type ResolverOwner } from '../../vm/resolver/owner.ts';
import type { Seen } from '../check.ts';
import { note, type MachineCheck, type MachineFacts } from './machine.ts';

const WORDS: Readonly<Record<ResolverOwner, string>> = {
  'systemd-resolved': 'systemd-resolved manages resolv.conf',
  'network-manager': 'NetworkManager manages resolv.conf',
  resolvconf: 'resolvconf manages resolv.conf',
  dhclient: 'dhclient writes resolv.conf',
  plain: 'resolv.conf is a plain file',
  unknown: 'resolv.conf is managed by a program that meshx does not know',
};

export const resolverChecks: readonly MachineCheck[] = [
  note('dns', 'resolver', 'the name server setup is known', resolver),
];

/** Which program manages resolv.conf, and which servers DNS capture redirects. */
function resolver({ inspection, input: { generation } }: MachineFacts): readonly Seen[] {
  const { owner } = resolverOwner(inspection.resolver);
  const taken = meshGeneration(generation).capturesDns ? captured(inspection.resolver, inspection.facts.addresses) : '';
  return [{ ok: true, detail: `DNS: ${WORDS[owner]}${taken}.` }];
}

function captured({ resolvConf }: ResolverRecord, own: readonly string[]): string {
  const { taken, left } = capturedServers(resolvConf, own);
  if (taken.length === 0) return ' and names no server, so DNS capture redirects nothing';
  const others = left.length === 0 ? '' : `, but not ${left.join(', ')}`;
  return `; DNS capture redirects ${taken.join(', ')} while the sidecar runs${others}`;
}
