import { relative, resolve } from 'node:path';
import { joinEach } from '../../operations/join/join-each.ts';
import type { JoinOptions } from '../../operations/join/options.ts';
import type { VmReport } from '../../operations/vm-report.ts';
import type { JoinPlan } from '../../operations/join/run.ts';
import type { Call } from '../command.ts';
import { called } from '../command-line.ts';
import { conclude } from '../conclude.ts';
import { writeFiles } from '../files.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { during, endOf, RunProgress, watched } from '../progress/run-progress.ts';
import { pastedReport, type PrintedReport, printedReport } from '../vm-report.ts';
import { formatKeptPlan } from '../../operations/join/kept-plan.ts';
import { joinOptions, joinOutput } from '../join/options.ts';
import { StrictQuestion } from '../join/strict-question.ts';
import { formatFiles, tellJoin } from '../join/text.ts';

const DEFAULT_PARALLEL = 4;

/** setup-vm and up. `strict` asks about ports on which clients would hang. Gives the exit code. */
export async function joinVms(verb: string, call: Call, strict = new StrictQuestion(call.terminal)): Promise<number> {
  const { world, terminal } = call;
  const input = new Input(verb, call);
  const options = joinOptions(input);
  const { print, ...ending } = joinOutput(input);
  const parallel = input.number('parallel', [1, 256]) ?? DEFAULT_PARALLEL;
  const vms = [...new Set(call.args)];
  refuseContradictions(input, options, vms);
  input.accept();
  refuseForeignVariables(world.env);

  const mayAsk = ending.output === 'text' && !input.flag('yes');
  const progress = new RunProgress(call, { vms, onStdout: options.dryRun && ending.output === 'text' });
  const about = (vm: string) => {
    const names = called(verb, call, vm);
    const { say, watch, ended } = progress.of(vm);
    const observe = watched(watch, tellJoin({ vm, ...names, say }));
    const planned = async (plan: JoinPlan) => {
      if (print && ending.output === 'text') terminal.out(formatFiles(plan.decision.steps));
      await keep(input, vm, plan, options);
    };
    const confirmStrict = mayAsk ? strict.of(vm) : undefined;
    return {
      ...names,
      observe,
      planned,
      ...(confirmStrict && { confirmStrict }),
      ended: (report: VmReport) => ended(...endOf(report)),
    };
  };
  const ends = await during(progress, () => joinEach(world, { verb, vms, parallel, options, about }));
  const reports = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  const printed = reports.map((report) => withAnswers(verb, call, report, strict));
  const code = conclude({ terminal, ...ending }, printed);
  // A bug on one VM must not hide the reports of the others.
  const bug = ends.find((end) => end.status === 'rejected');
  if (bug) throw bug.reason;
  return code;
}

/** The report with commands that repeat what was answered, too. */
function withAnswers(verb: string, call: Call, report: VmReport, strict: StrictQuestion): PrintedReport {
  const given = strict.answered(report.vm, call.given);
  const complete = (text: string): string => call.terminal.complete?.(text, given) ?? text;
  return pastedReport(printedReport(report, called(verb, { given }, report.vm).again), complete);
}

function refuseContradictions(input: Input, { machine, probeClient }: JoinOptions, vms: readonly string[]): void {
  if (machine.root !== undefined && vms.length > 1) input.issue('--root: it stands for one VM, and several were named');
  if (input.text('out') !== undefined && vms.length > 1)
    input.issue('--out: a file holds the plan of one VM, and several were named');
  if (probeClient !== undefined && vms.includes(probeClient))
    input.issue(`--probe-client: ${probeClient} is itself being verified; choose another VM`);
}

/** With --out the plan of a dry run is kept in a file. */
async function keep(input: Input, vm: string, joining: JoinPlan, { acceptRisk }: JoinOptions): Promise<void> {
  const { world, terminal } = input.call;
  const out = input.text('out');
  if (out === undefined) return;
  const { decision, ...kept } = joining;
  const { steps, plan } = decision;
  const text = formatKeptPlan({ vm, ...kept, steps, plan, acceptRisk });
  await writeFiles(world.cwd, [{ name: relative(world.cwd, resolve(world.cwd, out)), text, mode: 0o600 }]);
  terminal.err(`the plan was kept in ${out}; apply it with: meshx apply ${out}`);
}
