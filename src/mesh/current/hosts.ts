import { meshProblems } from '../../problems/mesh.ts';
import { isIpAddress, parseIp } from '../address.ts';
import type { CurrentFacts } from '../cluster-facts.ts';

/** The address of istiod in the family of the VM's address, else the first. */
export function istiodAddressFor(
  { istiodAddresses: all }: Pick<CurrentFacts, 'istiodAddresses'>,
  own = '',
): string | undefined {
  const same = own === '' ? undefined : all.find((address) => isIpv6(address) === isIpv6(own));
  return same ?? all[0];
}

/** The line of /etc/hosts for istiod: `IP istiod[-REV].NS.svc`. Empty when istiod is dialled by address. */
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
