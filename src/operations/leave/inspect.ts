import { type ClusterPlan, clusterPlanLines, EMPTY_PLAN } from '../../cluster/api/plan.ts';
import { clusterGeneration } from '../../cluster/facts/generation.ts';
import type { Registry } from '../../cluster/registration/rotation-write.ts';
import type { Host } from '../../host/run/host.ts';
import { parseSshName } from '../../host/ssh/ssh-name.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import { isEmpty, type Plan } from '../../reconcile/plan.ts';
import { undoPlan, writtenByOthers } from '../../reconcile/undo/plan.ts';
import { readJournal, type Recorded } from '../../reconcile/undo/read.ts';
import { forgetBypass } from '../../vm/bypass.ts';
import { type Membership, readMembership } from '../../vm/membership.ts';
import { present } from '../../present.ts';
import { groupNameOrNone } from '../join/workload.ts';
import { isConfirmedMember, memberOf, type Place, refuseUnconfirmed } from '../membership/member.ts';
import { memberQuestion } from '../membership/member-question.ts';
import { isOnlyGroupOfName } from '../membership/only-group.ts';
import type { LeaveContext, LeaveOptions } from './context.ts';
import { type LeaveNote, remark } from './report.ts';

/** All that is known before a VM is removed. */
export interface Inspected {
  /** The machine's record; absent when it is gone. */
  readonly membership?: Membership;
  /** Its registration; absent when only the machine is undone. */
  readonly registry?: Registry;
  readonly departure: ClusterPlan;
  /** Writes to the cluster, in the imperative. */
  readonly also: readonly string[];
  /** The undo of the machine; empty when meshx never changed it. */
  readonly plan: Plan;
  /** Files that existed before and that other programs write. */
  readonly written: readonly string[];
  /** Of what meshx keeps on the machine only the snapshot is left afterwards. */
  readonly leavesSnapshot: boolean;
  readonly notes: readonly LeaveNote[];
}

/** Inspects machine and cluster. Only reads. `host` is absent when the machine is gone. Throws `path-not-kept`. */
export async function inspect(
  context: LeaveContext,
  vm: string,
  host: Host | undefined,
  signal: AbortSignal,
): Promise<Inspected> {
  const [membership, recorded] = host
    ? await Promise.all([readMembership(host, signal), readJournal(host, signal)])
    : [undefined, undefined];
  const cluster = await clusterSide(context, { vm, membership, signal });
  const undo = undoOf(vm, recorded, context.options);
  return {
    ...present({ membership }),
    ...cluster,
    plan: membership?.bypassed ? { steps: [forgetBypass(), ...undo.plan.steps] } : undo.plan,
    written: recorded ? writtenByOthers(recorded.journal) : [],
    leavesSnapshot: undo.leavesSnapshot,
    notes: [...undo.notes, ...cluster.notes],
  };
}

/** True when there is nothing to undo or to remove. */
export function isNothing({ plan, also }: Inspected): boolean {
  return isEmpty(plan) && also.length === 0;
}

interface Asked {
  readonly vm: string;
  readonly membership: Membership | undefined;
  readonly signal: AbortSignal;
}

type ClusterSide = Pick<Inspected, 'registry' | 'departure' | 'also' | 'notes'>;

/** The registration of the VM, and its removal. Throws `membership-disagrees`, `membership-unconfirmed`. */
async function clusterSide({ world, options, cluster }: LeaveContext, asked: Asked): Promise<ClusterSide> {
  if (!cluster) return { departure: EMPTY_PLAN, also: [], notes: [] };
  const { place: typed, machine, only } = options;
  const member = await memberOf(await memberQuestion(world, { ...asked, ...cluster, command: 'down', typed, machine }));
  const { registered, question } = member;
  const { planDeparture } = clusterGeneration(registered.generation);
  const vm = { ...registered, gone: only === 'cluster', namesGroup: namesGroup(asked.vm, typed), signal: asked.signal };
  const { plan: departure, notes, sharedNote } = await planDeparture(question.kube, vm);
  const also = clusterPlanLines(departure);
  const isConfirmed = (await isConfirmedMember(member)) || (await isOnlyGroupOfName(member));
  if (also.length > 0 && !isConfirmed) await refuseUnconfirmed(member, also);
  const noteOf = (text: string): LeaveNote =>
    isConfirmed && text === sharedNote ? { kind: 'group-stays', text, registered } : remark(text);
  return { registry: { kube: cluster.kube, vm: registered }, departure, also, notes: notes.map(noteOf) };
}

/**
 * Whether the group is this machine's alone. A group given by name may be shared. A given address identifies the
 * machine in any group.
 */
function namesGroup(vm: string, { group, address }: Place): boolean {
  return address === undefined && (group === undefined || group === groupNameOrNone(parseSshName(vm).host));
}

/** The journal stays while a file waits for a decision, because it holds the file's previous content. */
function undoOf(
  vm: string,
  recorded: Recorded | undefined,
  { undo, verify }: LeaveOptions,
): Pick<Inspected, 'plan' | 'notes' | 'leavesSnapshot'> {
  if (!recorded) return { plan: { steps: [] }, notes: [], leavesSnapshot: false };
  const { journal, found } = recorded;
  const unasked = undoPlan(journal, found);
  const changed = [...unasked.kept.map(({ path }) => path), ...unasked.merged];
  const paths = [...undo.restore, ...undo.keep].filter((path) => !changed.includes(path));
  if (paths.length > 0) throw leavingProblems.pathNotKept({ vm, paths, kept: changed });
  const { steps, kept, notes, leavesSnapshot } = undoPlan(journal, found, { ...undo, comparing: verify });
  const undecided = kept.filter(({ open }) => open);
  return {
    ...{ plan: { steps }, leavesSnapshot },
    notes: [...notes.map(remark), ...undecided.map(({ path, reason }) => ({ kind: 'kept' as const, path, reason }))],
  };
}
