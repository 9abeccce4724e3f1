import { parseWorkloadIp } from '../address.ts';
import type { KubeObject } from '../kube-object.ts';
import { checkProbe } from '../probe.ts';
import type { Workload } from '../workload.ts';
import {
  fixedEntryObject,
  namespaceObject,
  serviceAccountObject,
  serviceObject,
  workloadGroupObject,
} from './objects.ts';
import { sidecarObjects, type SidecarOptions } from './sidecar.ts';

/** What is to stand in a current cluster for one VM. */
export interface CurrentRegistration extends SidecarOptions {
  readonly workload: Workload;
  /** Make the namespace too; only when told. */
  readonly createNamespace?: boolean;
  /** Make the service account too; only when told. */
  readonly createServiceAccount?: boolean;
  /** Address of a machine without a sidecar of meshx: a fixed WorkloadEntry instead of WorkloadGroup and Sidecar. */
  readonly fixedEntry?: { readonly address: string };
  /** Names of Services that belong to someone else: only the entry is made, it must carry the labels they select. */
  readonly foreignServices?: readonly string[];
  /** The WorkloadGroup belongs to someone else and does as it is: neither it nor a Sidecar is made. */
  readonly foreignGroup?: boolean;
}

/**
 * The objects of a registration in the order in which they must be made. Deterministic: equal input gives equal objects.
 * Never contains an automatic entry: istiod makes, changes and deletes those. Throws `bad-address`, `bad-check`.
 */
export function currentObjects(registration: CurrentRegistration): readonly KubeObject[] {
  const {
    workload,
    createNamespace,
    createServiceAccount,
    fixedEntry,
    foreignServices = [],
    foreignGroup,
  } = registration;
  const { namespace, serviceAccount, services, probe } = workload;
  if (probe) checkProbe(probe);
  const own = services.filter(({ name }) => !foreignServices.includes(name));
  return [
    ...(createNamespace ? [namespaceObject(namespace)] : []),
    ...(createServiceAccount ? [serviceAccountObject(namespace, serviceAccount)] : []),
    // The group first: it says what was made for the VM, so that a run that dies here leaves nothing that no one finds.
    ...(fixedEntry
      ? [fixedEntryObject(workload, parseWorkloadIp(fixedEntry.address))]
      : foreignGroup
        ? []
        : [workloadGroupObject(workload)]),
    ...own.map((service) => serviceObject(namespace, service)),
    ...(fixedEntry || foreignGroup ? [] : sidecarObjects(workload, registration)),
  ];
}
