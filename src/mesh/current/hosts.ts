import { meshProblems } from '../../problems/mesh.ts';
import { isIpAddress, parseIp } from '../address.ts';
import type { CurrentFacts } from '../cluster-facts.ts';

/**
 * The part of /etc/hosts by which the VM finds istiod: `IP istiod[-REV].NS.svc`. Nothing where istiod is dialled by its
 * address.
 */
export function currentHosts(
  facts: Pick<CurrentFacts, 'istiodHost' | 'istiodAddresses' | 'istiodAddressSource'>,
): string {
  const [address] = facts.istiodAddresses;
  if (!address) throw meshProblems.noIstiodAddress({ istiod: facts.istiodHost, source: facts.istiodAddressSource });
  if (isIpAddress(facts.istiodHost)) return '';
  return `${parseIp(address)} ${facts.istiodHost}\n`;
}
