import { portNumbers } from '../../mesh/service-port.ts';
import { sidecarKeys } from '../../mesh/sidecar-env.ts';
import type { Workload } from '../../mesh/workload.ts';
import type { EnvWant } from '../../reconcile/kinds/env.ts';
import type { Step } from '../../reconcile/resource.ts';
import type { VmInput } from '../input.ts';
import { AFTER_PACKAGE, PLACES, ROOT } from '../places.ts';

/** What reads sidecar.env: a classic package's start script sources it, meshx's own program parses it. */
interface Reader {
  readonly sourced: boolean;
}

/** The keys of sidecar.env for this VM's registration; comments and other keys stay. */
export function sidecarEnvStep({ workload, sidecar }: VmInput, { sourced }: Reader): Step {
  const set = { ...registrationKeys(workload), ...sidecar };
  return {
    id: 'sidecar-env',
    title: 'Configure the sidecar',
    wants: [sidecarEnv({ set }, { sourced })],
  };
}

/** Keys of sidecar.env. If a start script sources the file, its shell syntax stays. */
export function sidecarEnv(keys: Pick<EnvWant, 'set' | 'remove'>, { sourced }: Reader): EnvWant {
  const plain = !sourced && ({ plain: true } as const);
  return { kind: 'env', path: PLACES.sidecarEnv, ...keys, ...plain, owner: ROOT, mode: '0644', after: AFTER_PACKAGE };
}

/** Empty without services. Several services share the name of their group. */
function registrationKeys({ services, namespace, group }: Workload): Readonly<Record<string, string>> {
  const [first, ...more] = services;
  if (!first) return {};
  return sidecarKeys({ service: more.length > 0 ? group : first.name, namespace, ports: portNumbers(services) });
}
