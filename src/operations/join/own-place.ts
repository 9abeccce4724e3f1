import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { NETWORKING } from '../../mesh/current/objects.ts';
import { parseSshName } from '../../host/ssh/ssh-name.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { Preflight } from '../../checks/preflight.ts';
import { isConfirmedMember, type Member, refuseUnconfirmed } from '../membership/member.ts';
import { memberQuestion } from '../membership/member-question.ts';
import type { JoinRun, FirstInspection } from './run.ts';
import { groupName, groupNameOrNone } from './workload.ts';
import { present } from '../../present.ts';

/** The future place of a VM in the cluster, and what only the VM claims of it. */
export interface OwnPlace {
  readonly namespace: string;
  readonly group: string;
  /** Options that name a recorded value which differs from the default. */
  readonly missing: RecordedOptions;
  /** Given by the operator, or the VM's name on the command line. */
  readonly isOperators: boolean;
}

/**
 * The operator's options win over the record, then the settings of a VM that an earlier meshx joined, then the name of
 * the machine. Pure.
 */
export function ownPlace({ context, vm, observe }: JoinRun, { membership, facts }: Preflight): OwnPlace {
  const { record } = membership;
  const { workload, forget } = context.options;
  const otherwise = { namespace: context.namespace, group: groupName(facts.hostname || vm) };
  const said = record ?? membership;
  const before = {
    namespace: forget.includes('namespace') ? undefined : said.namespace,
    group:
      forget.includes('workloadGroup') || !meshGeneration(context.facts.generation).hasGroups ? undefined : said.group,
  };
  const namespace = workload.namespace ?? before.namespace ?? otherwise.namespace;
  // A group of another namespace is another group.
  const group = workload.group ?? (namespace === before.namespace ? before.group : undefined) ?? otherwise.group;
  if (before.group !== undefined && `${namespace}/${group}` !== `${before.namespace}/${before.group}`)
    observe({ kind: 'left-group', group: `${before.namespace}/${before.group}` });
  const nameOfVm = groupNameOrNone(parseSshName(vm).host);
  return {
    ...{ namespace, group },
    missing: {
      ...(namespace !== context.namespace && { namespace }),
      ...(group !== (workload.group ?? otherwise.group) && { workloadGroup: group }),
    },
    isOperators: namespace === context.namespace && (workload.group !== undefined || group === nameOfVm),
  };
}

/**
 * A VM gets the identity of its place. If only the VM names that place, the cluster must already have the VM there, at
 * an address by which the operator reaches it. A new group that is named after the machine is safe. Throws
 * `membership-unconfirmed`.
 */
export async function refuseOthersPlace(run: JoinRun, seen: FirstInspection, place: OwnPlace): Promise<void> {
  const { context, verb: command, vm } = run;
  if (place.isOperators || context.options.machine.root !== undefined) return;
  if (Object.keys(place.missing).length === 0 && !(await isTaken(run, seen, place))) return;
  const member = await memberOf(run, seen, place);
  if (await isConfirmedMember(member)) return;
  const writes = [`join WorkloadGroup ${place.namespace}/${place.group} with its service account`];
  await refuseUnconfirmed({ ...member, question: { ...member.question, vm, command } }, writes);
}

/** Whether group or account exist. A first join creates both. */
async function isTaken(
  { context }: JoinRun,
  { kube, signal }: FirstInspection,
  { namespace, group: name }: OwnPlace,
): Promise<boolean> {
  if (!meshGeneration(context.facts.generation).hasGroups) return false;
  const account = context.options.workload.serviceAccount;
  const refs = [
    { apiVersion: NETWORKING, kind: 'WorkloadGroup', namespace, name },
    ...(account === undefined ? [{ apiVersion: 'v1', kind: 'ServiceAccount', namespace, name }] : []),
  ];
  const found = await Promise.all(refs.map((ref) => kube.get(ref, signal)));
  return found.some((object) => object !== undefined);
}

async function memberOf(run: JoinRun, { preflight, kube, signal }: FirstInspection, place: OwnPlace): Promise<Member> {
  const { context, verb: command, vm } = run;
  const { generation } = context.facts;
  const { namespace, group } = place;
  const { hostname } = preflight.facts;
  const addresses = [...new Set([...preflight.facts.addresses, preflight.facts.address])].filter((each) => each !== '');
  const { workload, vmAddress } = context.options;
  const question = await memberQuestion(context.world, {
    ...{ vm, command, kube, signal, namespace: context.namespace, machine: context.options.machine },
    typed: present({ namespace: workload.namespace, group: workload.group, address: vmAddress }),
    membership: { ...preflight.membership, generation, hostname, addresses },
    generation: () => Promise.resolve(generation),
  });
  return { registered: { generation, namespace, group, addresses, signal }, question };
}
