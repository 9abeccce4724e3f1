import { meshProblems } from '../../problems/mesh.ts';
import { isIpAddress, parseIp } from '../address.ts';
import type { CurrentFacts } from '../cluster-facts.ts';

/** Of istiod's addresses one of the family that the VM's own address has, else the first. */
export function istiodAddressFor(
  { istiodAddresses: all }: Pick<CurrentFacts, 'istiodAddresses'>,
  own = '',
): string | undefined {
  const same = own === '' ? undefined : all.find((address) => isIpv6(address) === isIpv6(own));
  return same ?? all[0];
}

/**
 * The part of /etc/hosts by which the VM finds istiod: `IP istiod[-REV].NS.svc`. Nothing where istiod is dialled by its
 * address.
 */
export function currentHosts(
  facts: Pick<CurrentFacts, 'istiodHost' | 'istiodAddresses' | 'istiodAddressSource'>,
  own?: string,
): string {
  const address = istiodAddressFor(facts, own);
  if (!address) throw meshProblems.noIstiodAddress({ istiod: facts.istiodHost, source: facts.istiodAddressSource });
  if (isIpAddress(facts.istiodHost)) return '';
  return `${parseIp(address)} ${facts.istiodHost}\n`;
}

const isIpv6 = (address: string): boolean => address.includes(':');
