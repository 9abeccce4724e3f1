import { refuseEntryName } from '../../mesh/entry-name.ts';
import type { Workload } from '../../mesh/workload.ts';
import { cliProblems } from '../../problems/cli.ts';
import { planRegistration } from '../../cluster/registration.ts';
import type { PlannedRegistration, Registration } from '../../cluster/registration-request.ts';
import type { JoinContext } from './context.ts';
import { present } from '../../present.ts';

/** What the cluster must know of this VM, and what is missing of it. */
export interface ClusterSide extends PlannedRegistration {
  readonly registration: Registration;
}

/** Only reads. A classic VM without services needs nothing in its cluster. Throws `vm-address-needed`. */
export async function clusterSide(context: JoinContext, workload: Workload, address: string): Promise<ClusterSide> {
  const registration = registrationOf(context, workload, address);
  return { registration, ...(await planRegistration(context.kube, registration, context.world.signal)) };
}

function registrationOf({ facts, options }: JoinContext, workload: Workload, address: string): Registration {
  const { namespace, serviceAccount, labels, services } = workload;
  const { create } = options;
  if (facts.generation === 'classic') {
    if (services.length > 0 && address === '')
      throw cliProblems.addressNeeded({ services: services.map(({ name }) => name) });
    const wanted = services.map(({ name: service, ports }) => ({
      service,
      namespace,
      address,
      ports,
      serviceAccount,
      labels,
    }));
    return { generation: 'classic', wanted, ...(create && wanted.length > 0 && { createNamespace: namespace }) };
  }
  refuseEntryName(workload, address);
  const wanted = { workload, createNamespace: create, createServiceAccount: create };
  const { istioNamespace, rootNamespace } = facts;
  return { generation: 'current', istioNamespace, ...present({ rootNamespace }), wanted };
}
