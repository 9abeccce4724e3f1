import pLimit from 'p-limit';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import type { Runtime } from '../../runtime.ts';

/** Asks before a VM is taken out. Throws `needs-confirmation` when nobody can be asked, `not-confirmed-by-you` for a no. */
export type Confirm = (vm: string, changes: number) => Promise<void>;

/** One question at a time, however many VMs are at work. */
export function confirmer({ ask }: Pick<Runtime, 'ask'>, yes: boolean): Confirm {
  const one = pLimit(1);
  return async (vm, changes) => {
    if (yes) return;
    const what = `To take ${vm} out of the mesh (${changes} changes)`;
    if (!ask) throw cliProblems.needsConfirmation({ what });
    const answer = await one(() => ask(`Take ${vm} out of the mesh: make these ${changes} changes? [y/N] `));
    if (!/^y(es)?$/i.test(answer.trim())) throw leavingProblems.notConfirmed({ vm });
  };
}
