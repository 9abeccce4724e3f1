import { parseIp } from '../address.ts';
import type { CurrentFacts } from '../cluster-facts.ts';
import { currentHosts } from './hosts.ts';

/**
 * The dnsmasq file of a VM in a current mesh. Cluster names go to the cluster's DNS if `dnsAddress` is given; otherwise
 * the agent's DNS answers them. istiod's names (istio-pilot is in its certificate) have the address of the gateway.
 * Throws `istiod-address-missing`.
 */
export function currentKubedns(facts: CurrentFacts, options: { readonly dnsAddress?: string } = {}): string {
  const [address = '', host = ''] = currentHosts(facts).trimEnd().split(' ');
  // istiod is dialled by address, and has no name.
  if (host === '')
    return options.dnsAddress ? `server=/svc.${facts.clusterDomain}/${parseIp(options.dnsAddress)}\n` : '';
  const server = options.dnsAddress && `server=/svc.${facts.clusterDomain}/${parseIp(options.dnsAddress)}\n`;
  return `${server ?? ''}address=/istio-pilot/${address}\naddress=/${host}/${address}\n`;
}
