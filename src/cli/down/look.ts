import { type ClusterPlan, clusterPlanLines, EMPTY_PLAN } from '../../cluster/api/plan.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Host } from '../../host/run/host.ts';
import { parseSshName } from '../../host/ssh/ssh-name.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { isEmpty, type Plan } from '../../reconcile/plan.ts';
import { type Kept, undoPlan } from '../../reconcile/undo/plan.ts';
import { readJournal, type Recorded } from '../../reconcile/undo/read.ts';
import { forgetBypass } from '../../vm/bypass.ts';
import { type Membership, readMembership } from '../../vm/membership.ts';
import type { Registry } from '../../cluster/registration/rotation-write.ts';
import { groupNameOrNone } from '../../operations/join/workload.ts';
import { isConfirmedMember, type Member, memberOf, refuseUnconfirmed } from '../../operations/membership/member.ts';
import { memberQuestion } from '../../operations/membership/member-question.ts';
import type { DownWords } from './words.ts';
import type { DownContext } from './context.ts';
import { present } from '../../present.ts';

/** All that is known before a VM is taken out. */
export interface Leave {
  readonly vm: string;
  /** What the machine says; absent with --cluster-only. */
  readonly membership?: Membership;
  /** Where it is registered; absent with --vm-only. */
  readonly registry?: Registry;
  readonly departure: ClusterPlan;
  /** The undo of the machine; empty when meshx never changed it. */
  readonly plan: Plan;
  /** Files that stay because somebody else changed them and nobody said what shall be. */
  readonly undecided: readonly Kept[];
  /** Files that were there before and that programs of others write. */
  readonly written: readonly string[];
  readonly notes: readonly string[];
  /** Of the notes the one that its group stays for the other machines in it. */
  readonly sharedNote?: string;
  /** Writes to the cluster, in the imperative. */
  readonly also: readonly string[];
}

/** Looks at machine and cluster. Only reads. `host` is absent with --cluster-only. Throws `path-not-kept`. */
export async function look(
  context: DownContext,
  vm: string,
  host: Host | undefined,
  signal: AbortSignal,
): Promise<Leave> {
  const { words } = context;
  const [membership, recorded] = host
    ? await Promise.all([readMembership(host, signal), readJournal(host, signal)])
    : [undefined, undefined];
  const found = await member(context, { vm, membership, signal });
  const gone = words.only === 'cluster';
  const leaving = found && { ...found.registered, gone, namesGroup: namesGroup(vm, words), signal };
  const departure =
    leaving && (await clusterGeneration(leaving.generation).planDeparture(found.question.kube, leaving));
  const also = clusterPlanLines(departure?.plan ?? EMPTY_PLAN);
  const confirmed = found ? await isConfirmedMember(found) : false;
  if (found && also.length > 0 && !confirmed) await refuseUnconfirmed(found, also);
  const undo = undoOf(vm, recorded, words);
  return {
    vm,
    ...(membership && { membership }),
    ...(found && context.cluster && { registry: { kube: context.cluster.kube, vm: found.registered } }),
    departure: departure?.plan ?? EMPTY_PLAN,
    plan: membership?.bypassed ? { steps: [forgetBypass(), ...undo.plan.steps] } : undo.plan,
    undecided: undo.undecided,
    written: (recorded?.journal.entries ?? []).flatMap((entry) =>
      entry.kind === 'path' && entry.before.is === 'other' ? [entry.path] : [],
    ),
    notes: [...undo.notes, ...(departure?.notes ?? [])],
    ...(departure?.sharedNote !== undefined && confirmed && { sharedNote: departure.sharedNote }),
    also,
  };
}

/** True when there is nothing to take away anywhere. */
export function isNothing({ plan, also }: Leave): boolean {
  return isEmpty(plan) && also.length === 0;
}

interface Asked {
  readonly vm: string;
  readonly membership: Membership | undefined;
  readonly signal: AbortSignal;
}

/** Where the VM is registered: operator, record and settings agree on it. Throws `membership-disagrees`. */
async function member({ words, cluster, world }: DownContext, asked: Asked): Promise<Member | undefined> {
  if (!cluster) return undefined;
  const { vm, membership, signal } = asked;
  const { kube, namespace, generation } = cluster;
  const typed = present({ namespace: words.namespace, group: words.group, address: words.vmAddress });
  const machine = words.machine;
  const command = 'down';
  return await memberOf(
    await memberQuestion(world, { vm, command, typed, machine, membership, kube, namespace, generation, signal }),
  );
}

/**
 * Whether the group is that of this machine alone: one that was named may be shared with others. An address that was given tells
 * the machine apart in any group.
 */
function namesGroup(vm: string, { group, vmAddress }: DownWords): boolean {
  return vmAddress === undefined && (group === undefined || group === groupNameOrNone(parseSshName(vm).host));
}

interface Undo {
  readonly plan: Plan;
  readonly undecided: readonly Kept[];
  readonly notes: readonly string[];
}

/** The engine leaves the journal on the machine as long as a file waits for a decision: it holds what `--restore` puts back. */
function undoOf(vm: string, recorded: Recorded | undefined, words: DownWords): Undo {
  if (!recorded) return { plan: { steps: [] }, undecided: [], notes: [] };
  const { journal, found } = recorded;
  const { restore, keep, force: everything } = words;
  refuseUnknown(vm, undoPlan(journal, found).kept, [...restore, ...keep]);
  const { steps, kept, notes } = undoPlan(journal, found, { restore, keep, everything });
  const undecided = kept.filter(({ open }) => open);
  return { plan: { steps }, undecided, notes: [...notes, ...undecided.flatMap((each) => keptNotes(vm, each))] };
}

function refuseUnknown(vm: string, kept: readonly Kept[], named: readonly string[]): void {
  const paths = named.filter((path) => !kept.some((each) => each.path === path));
  if (paths.length > 0) throw leavingProblems.pathNotKept({ vm, paths, kept: kept.map(({ path }) => path) });
}

function keptNotes(vm: string, { path, reason }: Kept): readonly string[] {
  return [
    `${path} stays: ${reason}`,
    `  undo it all the same: meshx down ${vm} --restore ${path}; or leave it: meshx down ${vm} --keep ${path}`,
  ];
}
