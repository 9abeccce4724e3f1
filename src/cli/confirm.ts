import { cliProblems } from '../problems/cli.ts';
import { leavingProblems } from '../problems/leaving.ts';
import type { Terminal } from '../terminal.ts';

/** What the operator is asked to confirm. */
export interface Question {
  /** What is changed: "Service vm/web". */
  readonly subject: string;
  /** In the imperative: "take web out of the mesh". */
  readonly task: string;
  /** Its changes. */
  readonly changes: string;
  /** The command that shows them. */
  readonly command: string;
}

/** Asks for confirmation. Throws `needs-confirmation` without a terminal, and `not-confirmed-by-you` for any answer but yes. */
export async function confirm(
  { ask }: Pick<Terminal, 'ask'>,
  { subject: vm, task, changes, command }: Question,
): Promise<void> {
  if (!ask) throw cliProblems.needsConfirmation({ what: `To ${task} (${changes})` });
  const answer = await ask(`${task.replace(/^./, (letter) => letter.toUpperCase())}: ${changes}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw leavingProblems.notConfirmed({ vm, command });
}
