import type { VmFacts } from '../../mesh/vm-facts.ts';
import type { Finding } from '../finding.ts';
import type { ResolverRecord } from '../input.ts';
import { capturedServers } from './capture.ts';
import { resolverOwner, type ResolverOwner } from './owner.ts';

const WORDS: Readonly<Record<ResolverOwner, string>> = {
  'systemd-resolved': 'systemd-resolved keeps resolv.conf',
  'network-manager': 'NetworkManager keeps resolv.conf',
  resolvconf: 'resolvconf keeps resolv.conf',
  dhclient: 'dhclient writes resolv.conf',
  plain: 'resolv.conf is a plain file',
  unknown: 'resolv.conf is kept by a program that meshx does not know',
};

/** Which arrangement of name servers was recognized, what the sidecar does with it, and the facts that led there. */
export function resolverFindings(
  record: ResolverRecord,
  { addresses }: Pick<VmFacts, 'addresses'>,
  generation: 'current' | 'classic',
): readonly Finding[] {
  const { owner, trail } = resolverOwner(record);
  const message = `Names: ${WORDS[owner]}${generation === 'current' ? captured(record, addresses) : ''}.`;
  return [{ id: 'resolver', severity: 'note', message, hint: trail.join('; ') }];
}

function captured({ resolvConf }: ResolverRecord, own: readonly string[]): string {
  const { taken, left } = capturedServers(resolvConf, own);
  if (taken.length === 0) return ' and names no server: DNS capture takes nothing';
  const others = left.length === 0 ? '' : `, and leaves ${left.join(', ')}`;
  return `; DNS capture takes ${taken.join(', ')} while the sidecar runs${others}`;
}
