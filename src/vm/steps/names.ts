import { isIpAddress } from '../../mesh/address.ts';
import { istiodAddressFor } from '../../mesh/current/hosts.ts';
import type { VmFacts } from '../../mesh/vm-facts.ts';
import type { Resource, Step } from '../../reconcile/resource.ts';
import type { CurrentVmInput } from '../input.ts';
import { nsswitchWithDnsFirst } from '../nsswitch.ts';
import { rootFile } from '../wants.ts';

/** Names that must resolve without the mesh: istiod and the machine itself. */
export function namesStep({ cluster, vm, image, resolver, bundle }: CurrentVmInput): Step {
  const address = istiodAddressFor(cluster, vm.address);
  const nsswitch = bundle?.captureDns === false ? undefined : nsswitchWithDnsFirst(resolver?.nsswitch ?? '');
  return {
    id: 'names',
    title: 'Make names resolve',
    wants: [
      ...(address && !isIpAddress(cluster.istiodHost)
        ? [{ kind: 'hosts', address, names: [cluster.istiodHost] } satisfies Resource]
        : []),
      ...(image ? [] : ownName(vm)),
      ...(nsswitch ? [rootFile('/etc/nsswitch.conf', nsswitch)] : []),
    ],
  };
}

/**
 * sudo resolves the machine's own name, and would wait 20 s while DNS is captured before the agent runs. A name with any address in
 * /etc/hosts is left alone.
 */
export function ownName({ hostname, hostnameAddress }: VmFacts): readonly Resource[] {
  if (hostname === '' || hostnameAddress !== undefined) return [];
  return [{ kind: 'hosts', address: '127.0.1.1', names: [hostname] }];
}
