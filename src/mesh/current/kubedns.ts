import { parseIp } from '../address.ts';
import type { CurrentFacts } from '../cluster-facts.ts';
import { currentHosts } from './hosts.ts';

/**
 * The dnsmasq file of a VM in a current mesh: cluster names go to the cluster's DNS when a way to it is known, and
 * istiod's names (istio-pilot is one of its certificate's) have the address of the gateway. Without `dnsAddress` there is no server line: the agent's own DNS
 * answers those names. Throws `istiod-address-missing`.
 */
export function currentKubedns(facts: CurrentFacts, options: { readonly dnsAddress?: string } = {}): string {
  const [address = '', host = ''] = currentHosts(facts).trimEnd().split(' ');
  // istiod is dialled by its address: there is no name to answer for.
  if (host === '')
    return options.dnsAddress ? `server=/svc.${facts.clusterDomain}/${parseIp(options.dnsAddress)}\n` : '';
  const server = options.dnsAddress && `server=/svc.${facts.clusterDomain}/${parseIp(options.dnsAddress)}\n`;
  return `${server ?? ''}address=/istio-pilot/${address}\naddress=/${host}/${address}\n`;
}
