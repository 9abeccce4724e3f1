import {
  bytesAtEnd,
  type FleetMember,
  type FleetRecord,
  MOST_RECORD_BYTES,
  type RunRecord,
} from '../../fleet/record.ts';
import { present } from '../../present.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { type FleetOptions, targetOf } from './options.ts';
import type { FleetRun } from './run.ts';

/** A run whose record outgrows its Lease would end in the middle, or lose what its hash approves. Throws `fleet-record-full`. */
export function refuseTooLarge(
  { options, review }: Pick<FleetRun, 'options' | 'review'>,
  record: FleetRecord & { readonly run: RunRecord },
): void {
  const joining = Object.keys(record.run.vms).map((vm) => [vm, memberToBe(options, vm)] as const);
  const bytes = bytesAtEnd(record, Object.fromEntries(joining));
  if (bytes <= MOST_RECORD_BYTES) return;
  const approval = record.approval?.length ?? 0;
  throw fleetProblems.recordFull({ fleet: options.fleet.name, bytes, most: MOST_RECORD_BYTES, approval, review });
}

/** What is known of a member before it joins, and what else it usually has. */
function memberToBe(options: FleetOptions, name: string): FleetMember {
  const { vm, options: join } = targetOf(options, name);
  const { namespace = 'istio-system', group = name } = join.workload;
  return { ...present({ address: vm.address }), namespace, group, ip: '255.255.255.255' };
}
