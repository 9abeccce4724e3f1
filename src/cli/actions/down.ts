import pLimit from 'p-limit';
import type { Call } from '../command.ts';
import { marked, speaker } from '../print.ts';
import { commandWords } from '../command-words.ts';
import { typedLine } from '../typed-line.ts';
import { confirmer } from '../down/confirm.ts';
import { leaveMesh } from '../down/leave.ts';
import { formatDownEnd } from '../down/report.ts';
import { leaveSharedGroups } from '../down/shared-groups.ts';
import { downWords } from '../down/words.ts';
import { openDownContext } from '../down/context.ts';
import { Input } from '../input.ts';
import { conclude } from '../conclude.ts';

const DEFAULT_PARALLEL = 4;

/** `meshx down VM…` */
export async function down(call: Call): Promise<number> {
  const { terminal } = call;
  const input = new Input('down', call);
  const vms = [...new Set(call.args)];
  const words = downWords(input, vms);
  const parallel = input.number('parallel', [1, 256]) ?? DEFAULT_PARALLEL;
  input.accept();

  const context = await openDownContext(call.world, words);
  const confirm = confirmer(terminal, words.yes);
  const limit = pLimit(parallel);
  const speak = speaker(terminal, words.dryRun && words.output === 'text');
  const one = (vm: string) => {
    const say = marked(speak, vms, vm);
    const told = { say, again: typedLine('down', call, vm), command: commandWords('down', call, vm) };
    return limit(() => leaveMesh({ context, vm, confirm, ...told }));
  };
  const ends = await Promise.allSettled(vms.map(one));
  const reports = await leaveSharedGroups(ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])));
  const code = conclude({ terminal, output: words.output, exitCode: words.exitCode, end: formatDownEnd }, reports);
  // A bug met on one VM must not hide the report of the others.
  const bug = ends.find((end) => end.status === 'rejected');
  if (bug) throw bug.reason;
  return code;
}
