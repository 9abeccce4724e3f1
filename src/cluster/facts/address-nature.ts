import ipaddr from 'ipaddr.js';

/** Private covers what is not routed on the internet: RFC 1918, RFC 6598, unique local and link-local addresses. */
export type AddressNature = 'private' | 'public' | 'unusable';

/** Who can reach an address of a load balancer. */
export function addressNature(address: string): AddressNature {
  if (!ipaddr.isValid(address)) return 'unusable';
  const range = ipaddr.process(address).range();
  if (range === 'unspecified' || range === 'multicast' || range === 'broadcast') return 'unusable';
  return range === 'unicast' ? 'public' : 'private';
}
