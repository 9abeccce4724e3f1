import { portNumbers } from '../../mesh/service-port.ts';
import { sidecarKeys } from '../../mesh/sidecar-env.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { VmInput } from '../input.ts';
import { PLACES, PROXY } from '../places.ts';

/** The keys of sidecar.env that this VM's registration asks for; comments and other keys in the file stay. */
export function sidecarEnvStep({ workload, sidecar }: VmInput): Step {
  const set = { ...registrationKeys(workload), ...sidecar };
  return {
    id: 'sidecar-env',
    title: 'Configure the sidecar',
    wants: [{ kind: 'env', path: PLACES.sidecarEnv, set, owner: PROXY, mode: '0644' }],
  };
}

/** Without services there is nothing to say: cluster.env stands alone. Several services share the name of their group. */
function registrationKeys({ services, namespace, group }: Workload): Readonly<Record<string, string>> {
  const [first, ...more] = services;
  if (!first) return {};
  return sidecarKeys({ service: more.length > 0 ? group : first.name, namespace, ports: portNumbers(services) });
}
