import { cliProblems } from '../problems/cli.ts';
import { leavingProblems } from '../problems/leaving.ts';
import type { Terminal } from '../terminal.ts';

/** What the operator is asked to confirm. */
export interface Question {
  /** What is changed: "Service vm/web". */
  readonly subject: string;
  /** In the imperative: "remove web from the mesh". */
  readonly task: string;
  /** Its changes. */
  readonly changes: string;
  /** The whole command that shows them. */
  readonly review: string;
}

/** Asks for confirmation. Throws `needs-confirmation` without a terminal, and `not-confirmed-by-you` for any answer but yes. */
export async function confirm(
  { ask }: Pick<Terminal, 'ask'>,
  { subject, task, changes, review }: Question,
): Promise<void> {
  if (!ask) throw cliProblems.needsConfirmation({ what: `To ${task} (${changes})` });
  const answer = await ask(`${task.replace(/^./, (letter) => letter.toUpperCase())}: ${changes}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw leavingProblems.notConfirmed({ subject, review });
}
