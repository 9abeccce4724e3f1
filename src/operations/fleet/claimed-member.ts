import type { Host } from '../../host/run/host.ts';
import { Problem } from '../../problems.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { hostProblems } from '../../problems/host.ts';
import { type Membership, readMembership } from '../../vm/membership.ts';
import type { FleetMark } from '../../vm/membership-record.ts';
import type { World } from '../../world.ts';
import { type MachineOptions, openMachine } from '../connection/machine.ts';

/** A member that the file does not name. Its name and address come from the fleet's record, which others may have written. */
export interface Claim extends FleetMark {
  /** What SSH connects to. */
  readonly address: string;
}

/**
 * Connects to a machine that only the record names. Its host key must be known: no unknown one is accepted or asked about. It gets no
 * password for sudo. Throws Problems of the connection.
 */
export async function openClaimed(world: World, { ssh, ...machine }: MachineOptions, claim: Claim): Promise<Host> {
  const { sudoPassword: _sudoPassword, ...others } = machine;
  const known = { ...ssh, acceptNewHostKey: false, confirmHostKey: undefined };
  return await openMachine(world, { ...others, ssh: known }, claim.address);
}

/**
 * Whether the machine's own record, which only root there can write, confirms the claim. `left`: the machine is in no mesh. Throws
 * `fleet-member-unconfirmed`, and Problems of reading the machine.
 */
export async function standingOf(host: Host, claim: Claim, signal: AbortSignal): Promise<'member' | 'left'> {
  const membership = await ownWord(host, claim, signal);
  if (membership.record === undefined && membership.generation === undefined) return 'left';
  const reason = contradiction(membership.record?.fleet, claim);
  if (reason !== undefined) throw unconfirmed(claim, reason);
  return 'member';
}

async function ownWord(host: Host, claim: Claim, signal: AbortSignal): Promise<Membership> {
  try {
    return await readMembership(host, signal);
  } catch (error) {
    if (!(error instanceof Problem) || error.id !== hostProblems.sudoRefused.id) throw error;
    throw unconfirmed(claim, 'its own record cannot be read, as no password for sudo is sent there', error);
  }
}

/** Why a machine is not the member that the record says. Pure. */
export function contradiction(mark: FleetMark | undefined, claim: FleetMark): string | undefined {
  if (mark === undefined) return 'the record on the machine names no fleet';
  if (mark.fleet !== claim.fleet) return `the record on the machine names fleet ${mark.fleet}`;
  if (mark.mesh !== claim.mesh)
    return 'the record on the machine names the fleet of another mesh, or of this one before its root certificates changed';
  return mark.vm === claim.vm ? undefined : `the record on the machine names VM ${mark.vm} of the fleet`;
}

function unconfirmed({ vm, fleet }: Claim, reason: string, cause?: unknown): Problem {
  return fleetProblems.memberUnconfirmed({ vm, fleet, reason }, cause);
}
