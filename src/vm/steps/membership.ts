import { meshGeneration } from '../../mesh/mesh-generation.ts';
import type { FileWant } from '../../reconcile/kinds/file.ts';
import type { VmInput } from '../input.ts';
import { formatRecord } from '../membership-record.ts';
import { PLACES } from '../places.ts';
import { rootFile } from '../wants.ts';

/**
 * The record of the join, in a file that only root can change. The step that writes cluster.env includes it, so both are always of the
 * same run.
 */
export function membershipFile({ generation, workload, vm, options = {}, fleet }: VmInput): FileWant {
  const { namespace, group, serviceAccount } = workload;
  const place = {
    ...(meshGeneration(generation).hasGroups && { group }),
    ...(vm.address !== '' && { address: vm.address }),
  };
  return rootFile(
    PLACES.membership,
    formatRecord({ generation, namespace, serviceAccount, options, ...place, ...(fleet && { fleet }) }),
    '0600',
  );
}
