import pLimit from 'p-limit';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import type { Terminal } from '../../terminal.ts';

/** What a run is about to change: the writes to the cluster one by one, and how much is undone on the machine. */
interface Removal {
  readonly cluster: readonly string[];
  readonly onVm: number;
}

/** Asks before a VM is taken out. Throws `needs-confirmation` when nobody can be asked, `not-confirmed-by-you` for a no. */
export type Confirm = (vm: string, removal: Removal) => Promise<void>;

/** One question at a time, however many VMs are at work. */
export function confirmer({ ask }: Pick<Terminal, 'ask'>, yes: boolean): Confirm {
  const one = pLimit(1);
  return async (vm, removal) => {
    if (yes) return;
    const changes = formatRemoval(removal);
    if (!ask) throw cliProblems.needsConfirmation({ what: `To take ${vm} out of the mesh (${changes})` });
    const answer = await one(() => ask(`Take ${vm} out of the mesh: ${changes}? [y/N] `));
    if (!/^y(es)?$/i.test(answer.trim())) throw leavingProblems.notConfirmed({ vm });
  };
}

function formatRemoval({ cluster, onVm }: Removal): string {
  const undo = onVm === 0 ? [] : [`undo ${onVm} change${onVm === 1 ? '' : 's'} on the VM`];
  return [...cluster, ...undo].join(', ');
}
