import { meshProblems } from '../problems/mesh.ts';
import { isSubdomain } from './names.ts';
import type { Workload } from './workload.ts';

/** The parts of an automatic entry's name. */
export interface EntryNameParts {
  readonly group: string;
  readonly address: string;
  readonly network?: string;
}

/**
 * The name of the WorkloadEntry that istiod creates when the VM's sidecar connects: GROUP-IP[-NETWORK], ":" as "-", cut
 * from the front to 253 characters. istiod does not check it, and would retry forever. Throws `bad-name` for a name
 * that the API server would refuse.
 */
export function automaticEntryName({ group, address, network }: EntryNameParts): string {
  const name = [group, address.replaceAll(':', '-'), ...(network ? [network] : [])].join('-').slice(-253);
  if (isSubdomain(name)) return name;
  const form = 'group, address and network together make a name of lower-case letters, digits, "-" and "."';
  throw meshProblems.badName({ text: name, wanted: 'a name that istiod can give to the entry of this VM', form });
}

/** An address of documentation (RFC 5737), for a machine that has none yet. */
const SOME_ADDRESS = '192.0.2.1';

/** Throws `bad-name` when the API server would refuse the entry of a VM of this group. */
export function refuseEntryName(workload: Pick<Workload, 'group' | 'network'>, address: string | undefined): void {
  const { group, network } = workload;
  automaticEntryName({ group, address: address || SOME_ADDRESS, ...(network !== undefined && { network }) });
}
