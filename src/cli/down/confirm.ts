import pLimit from 'p-limit';
import type { LeavingVm, Removal } from '../../operations/leave/report.ts';
import { cliProblems } from '../../problems/cli.ts';
import { leavingProblems } from '../../problems/leaving.ts';
import type { Terminal } from '../../terminal.ts';

/**
 * Asks before a VM is removed, one question at a time for all VMs. Throws `needs-confirmation` without a terminal, and
 * `not-confirmed-by-you` for a no.
 */
export function confirmer({ ask }: Pick<Terminal, 'ask'>): (vm: string) => NonNullable<LeavingVm['confirm']> {
  const one = pLimit(1);
  return (vm) => async (removal) => {
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
