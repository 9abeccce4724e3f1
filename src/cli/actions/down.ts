import pLimit from 'p-limit';
import { openMachine } from '../../operations/connection/machine.ts';
import { openLeaveContext } from '../../operations/leave/context.ts';
import { leave } from '../../operations/leave/leave.ts';
import type { LeaveReport, LeavingVm, Removal } from '../../operations/leave/report.ts';
import { leaveSharedGroups } from '../../operations/leave/shared-groups.ts';
import { Problem } from '../../problems.ts';
import type { Call } from '../command.ts';
import { called, reviewLine } from '../command-line.ts';
import { conclude } from '../conclude.ts';
import { confirm } from '../confirm.ts';
import { leaveOptions } from '../down/options.ts';
import { formatDownEnd, formatRemoval, noteLines, tellLeave, VM_ALONE } from '../down/text.ts';
import { Input } from '../input.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { during, endOf, RunProgress, watched } from '../progress/run-progress.ts';
import { isShown } from '../sink.ts';
import { printedReport } from '../vm-report.ts';

const DEFAULT_PARALLEL = 4;

/** `meshx down VM…` */
export async function down(call: Call): Promise<number> {
  const { terminal, world } = call;
  const input = new Input('down', call);
  const vms = [...new Set(call.args)];
  const options = leaveOptions(input, vms);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const exitCode = input.flag('exitCode');
  const yes = input.flag('yes');
  const parallel = input.number('parallel', [1, 256]) ?? DEFAULT_PARALLEL;
  input.accept();

  const context = await openLeaveContext(world, options).catch((error: unknown) => {
    if (error instanceof Problem && !options.only) world.note(VM_ALONE);
    throw error;
  });
  const isVerbose = isShown('verbose', terminal.verbosity);
  const inTurn = pLimit(1);
  const progress = new RunProgress(call, { vms, onStdout: options.dryRun && output === 'text' });
  const leavingOf = (vm: string): LeavingVm => {
    const names = { vm, ...called('down', call, vm) };
    const { say, watch } = progress.of(vm);
    const observe = watched(watch, tellLeave({ ...names, say, isVerbose }));
    const login = () => openMachine(world, options.machine, vm);
    const ask = (removal: Removal) => inTurn(() => confirmRemoval(call, vm, removal));
    return { ...names, login, observe, ...(!yes && { confirm: ask }) };
  };
  const limit = pLimit(parallel);
  const one = async (leaving: LeavingVm) => ({ leaving, report: ended(progress, await leave(context, leaving)) });
  const ends = await during(progress, () => Promise.allSettled(vms.map((vm) => limit(() => one(leavingOf(vm))))));
  const left = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const reports = (await leaveSharedGroups(context, left)).map((report) =>
    printedReport(report, called('down', call, report.vm).again, (note) => noteLines(report.vm, note)),
  );
  const code = conclude({ terminal, output, exitCode, end: formatDownEnd }, reports);
  // A bug on one VM must not hide the reports of the others.
  const bug = ends.find((end) => end.status === 'rejected');
  if (bug) throw bug.reason;
  return code;
}

function confirmRemoval(call: Call, vm: string, removal: Removal): Promise<void> {
  const question = { subject: vm, task: `remove ${vm} from the mesh`, review: reviewLine('down', call, vm) };
  return confirm(call.terminal, { ...question, changes: formatRemoval(removal) });
}

function ended(progress: RunProgress, report: LeaveReport): LeaveReport {
  progress.of(report.vm).ended(...endOf(report));
  return report;
}
