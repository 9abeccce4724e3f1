import { parseWorkloadIp } from '../address.ts';
import type { KubeObject } from '../kube-object.ts';
import { checkProbe } from '../probe.ts';
import type { Workload } from '../workload.ts';
import { agentPolicyObjects } from './agent-policy.ts';
import { agentRightsObjects } from './agent-rights.ts';
import {
  fixedEntryObject,
  namespaceObject,
  serviceAccountObject,
  serviceObject,
  workloadGroupObject,
} from './objects.ts';
import { strictPolicyObjects } from './strict-ports.ts';
import { sidecarObjects, type SidecarOptions } from './sidecar.ts';

/** The registration of one VM in a current cluster. */
export interface CurrentRegistration extends SidecarOptions {
  readonly workload: Workload;
  /** Address of the VM that joins: only its entry gets the generation of its agent. */
  readonly address?: string;
  /** Creates the namespace. */
  readonly createNamespace?: boolean;
  /** Creates the service account. */
  readonly createServiceAccount?: boolean;
  /** Address of a machine without a sidecar of meshx: a fixed WorkloadEntry instead of WorkloadGroup and Sidecar. */
  readonly fixedEntry?: { readonly address: string };
  /** Names of Services that keep numeric target ports. */
  readonly numericServices?: readonly string[];
  /** Names of other owners' Services. They are not made; the entry carries the labels that they select. */
  readonly foreignServices?: readonly string[];
  /** Names of the entries on which the agents of the group report; absent: they get no rights in the cluster. */
  readonly agentEntries?: readonly string[];
  /** Makes the policy of the cluster that limits agents. */
  readonly agentPolicy?: boolean;
  /** The WorkloadGroup of another owner suffices: neither it nor a Sidecar is made. */
  readonly foreignGroup?: boolean;
}

/**
 * The objects of a registration, in order of creation. Never an automatic entry: istiod manages those. Throws
 * `bad-address`, `bad-check`.
 */
export function currentObjects(registration: CurrentRegistration): readonly KubeObject[] {
  const {
    workload,
    createNamespace,
    createServiceAccount,
    fixedEntry,
    numericServices = [],
    foreignServices = [],
    foreignGroup,
    agentEntries: entries,
    agentPolicy,
  } = registration;
  const { group, namespace, serviceAccount, services, probe } = workload;
  if (probe) checkProbe(probe);
  const own = services.filter(({ name }) => !foreignServices.includes(name));
  return [
    ...(createNamespace ? [namespaceObject(namespace)] : []),
    ...(createServiceAccount ? [serviceAccountObject(namespace, serviceAccount)] : []),
    // The group first: it records what was made for the VM, so `down` finds everything even if the run dies here.
    ...(fixedEntry
      ? [fixedEntryObject(workload, parseWorkloadIp(fixedEntry.address))]
      : foreignGroup
        ? []
        : [workloadGroupObject(workload)]),
    // Before a client can reach the port.
    ...(fixedEntry || foreignGroup ? [] : strictPolicyObjects(workload)),
    ...own.map((service) =>
      serviceObject(namespace, service, numericServices.includes(service.name) ? 'numeric' : 'named'),
    ),
    ...(fixedEntry || foreignGroup ? [] : sidecarObjects(workload, registration)),
    // First the limits, then the rights.
    ...(agentPolicy ? agentPolicyObjects() : []),
    ...(entries ? agentRightsObjects({ group, namespace, serviceAccount, entries }) : []),
  ];
}
