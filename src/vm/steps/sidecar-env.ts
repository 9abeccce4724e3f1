import { portNumbers } from '../../mesh/service-port.ts';
import { sidecarKeys } from '../../mesh/sidecar-env.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { EnvWant } from '../../reconcile/kinds/env.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { VmInput } from '../input.ts';
import { AFTER_PACKAGE, PLACES, ROOT } from '../places.ts';

/** Who reads sidecar.env: the start script of a classic package sources it, meshx's own program parses it. */
interface Reader {
  readonly sourced: boolean;
}

/** The keys of sidecar.env that this VM's registration asks for; comments and other keys in the file stay. */
export function sidecarEnvStep({ workload, sidecar }: VmInput, { sourced }: Reader): Step {
  const set = { ...registrationKeys(workload), ...sidecar };
  return {
    id: 'sidecar-env',
    title: 'Configure the sidecar',
    wants: [sidecarEnv({ set }, { sourced })],
  };
}

/** Keys of sidecar.env. Where a start script sources the file, its forms stay. */
export function sidecarEnv(keys: Pick<EnvWant, 'set' | 'remove'>, { sourced }: Reader): EnvWant {
  const plain = !sourced && ({ plain: true } as const);
  return { kind: 'env', path: PLACES.sidecarEnv, ...keys, ...plain, owner: ROOT, mode: '0644', after: AFTER_PACKAGE };
}

/** Without services there is nothing to say: cluster.env stands alone. Several services share the name of their group. */
function registrationKeys({ services, namespace, group }: Workload): Readonly<Record<string, string>> {
  const [first, ...more] = services;
  if (!first) return {};
  return sidecarKeys({ service: more.length > 0 ? group : first.name, namespace, ports: portNumbers(services) });
}
