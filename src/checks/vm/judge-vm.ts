import type { MachineFacts } from '../preflight/machine.ts';
import { valueOf } from '../../vm/key-values.ts';
import type { Result } from '../check.ts';
import { judgeEach, type Unread } from '../judge.ts';
import { withVmInHint } from '../vm-in-hints.ts';
import type { VmFacts } from './facts.ts';
import { isOutside } from './membership.ts';
import { LASTING_CHECKS, LOGIN_CHECK, OUTSIDE_CHECKS, VM_CHECKS } from './vm-checks.ts';

/** What is known of a VM that answered. */
export interface VmSubject {
  readonly facts: Partial<VmFacts> & Pick<VmFacts, 'vm'>;
  readonly unread: Unread<VmFacts>;
  readonly machine: MachineFacts;
}

/** Judges a VM. Pure. Every check has a result; on a machine in no mesh, those that mean something there. */
export function judgeVm({ facts, unread, machine }: VmSubject): readonly Result[] {
  const answered: Result = { ...LOGIN_CHECK, ok: true, detail: '', ms: 0 };
  if (isOutside(facts)) return [answered, ...judgeEach(OUTSIDE_CHECKS, facts, unread)];
  const ofMachine = judgeEach(LASTING_CHECKS, machine, {}).map((result) => named(facts.vm, result));
  const ofVm = judgeEach(VM_CHECKS, facts, unread);
  return [answered, ...ofMachine, ...(mayJoinAgain(facts) ? ofVm : ofVm.map(leftToAPerson))];
}

/** Whether a repeated join decides nothing: meshx made the join before, and no one has turned a part of it off. */
function mayJoinAgain({ isJoined, capture, units }: VmSubject['facts']): boolean {
  const isWhole = units?.every(({ load }) => load !== 'masked') === true;
  return isJoined === true && isWhole && capture !== undefined && valueOf(capture, 'bypassed') === undefined;
}

function leftToAPerson({ repair: _, ...result }: Result): Result {
  return result;
}

/** The preflight judges one VM, and this report may have several. */
export function named(vm: string, result: Result): Result {
  if (result.detail === '') return result;
  return { ...withVmInHint(result, vm), object: `VM ${vm}`, detail: `${vm}: ${result.detail.replace(/\.$/, '')}` };
}

/** The result of a VM that meshx could not ask. */
export function unanswered(vm: string, problem: { readonly message: string; readonly hint: string }): Result {
  const detail = `${vm} was not asked, so only the cluster's side of it is known: ${problem.message.replace(/\.$/, '')}`;
  return { ...LOGIN_CHECK, ok: false, object: `VM ${vm}`, detail, hint: problem.hint, ms: 0 };
}
