import { relative, resolve } from 'node:path';
import pLimit from 'p-limit';
import { Problem } from '../../problems.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { writeFiles } from '../files.ts';
import { Input } from '../input.ts';
import { refuseForeignVariables } from '../legacy-environment.ts';
import { formatDocument } from '../print.ts';
import { join, type Joining } from './join.ts';
import { formatKeptPlan } from './kept-plan.ts';
import { formatEnd, joinRecord, type JoinReport } from './report.ts';
import { formatFiles } from './show-files.ts';
import { joinWords } from './words.ts';
import { type JoinWorld, openWorld } from './world.ts';

const DEFAULT_PARALLEL = 4;

/** setup-vm and up: parse, open what all VMs share, join each, report. Gives the exit code; throws the Problem of one VM. */
export async function joinVms(command: string, call: Call): Promise<number> {
  const input = new Input(command, call);
  const words = joinWords(input);
  const parallel = input.number('parallel', [1, 256]) ?? DEFAULT_PARALLEL;
  const vms = [...new Set(call.args)];
  if (words.machine.root !== undefined && vms.length > 1)
    input.issue('--root: it stands for one VM, and several were named');
  input.accept();
  refuseForeignVariables(call.runtime.env);

  const world = await openWorld(input, words);
  const limit = pLimit(parallel);
  const again = (vm: string): string => ['meshx', command, vm, '…with the same options'].join(' ');
  const one = (vm: string) =>
    limit(() => join({ world, vm, say: speaker(world, vms, vm), again: again(vm) }, keep(input, world, vm)));
  return conclude(world, await Promise.all(vms.map(one)));
}

/** A plan is the product of a dry run and goes to stdout; progress goes to stderr. Several VMs speak with their names. */
function speaker({ runtime, words }: JoinWorld, vms: readonly string[], vm: string): (text: string) => void {
  const speak = words.dryRun && words.output === 'text' ? runtime.out : runtime.err;
  return vms.length === 1 ? speak : (text) => speak(text.replace(/^/gm, `${vm}: `));
}

/** With --print every file is shown, with --out the plan is kept. */
function keep(input: Input, { words, runtime }: JoinWorld, vm: string): (joining: Joining) => Promise<void> {
  return async ({ steps, plan, cluster, workload }) => {
    if (words.print && words.output === 'text') runtime.out(formatFiles(steps));
    const out = input.text('out');
    if (out === undefined) return;
    const { namespace, serviceAccount } = workload;
    const text = formatKeptPlan({
      vm,
      owner: { namespace, serviceAccount },
      registration: cluster.registration,
      steps,
      plan,
    });
    await writeFiles(runtime.cwd, [{ name: relative(runtime.cwd, resolve(runtime.cwd, out)), text, mode: 0o600 }]);
    runtime.err(`the plan was kept in ${out}; apply it with: meshx apply ${out}`);
  };
}

function conclude({ runtime, words }: JoinWorld, reports: readonly JoinReport[]): number {
  const told = reports.filter(({ status }) => status !== 'failed' || reports.length > 1);
  if (words.output === 'text') for (const report of told) runtime.out([formatEnd(report), ...report.notes].join('\n'));
  else runtime.out(formatDocument({ vms: reports.map(joinRecord) }, words.output));
  const failed = reports.filter(({ problem }) => problem);
  const [first] = failed;
  if (first?.problem && reports.length === 1) throw first.problem;
  if (first) throw cliProblems.someVmsFailed({ total: reports.length, failed: failed.map(failure) });
  const planned = reports.some(
    ({ status, cluster, steps }) =>
      status === 'planned' && (cluster.length > 0 || steps.some(({ changes }) => changes.length > 0)),
  );
  return planned && words.exitCode ? EXIT.planNotEmpty : EXIT.done;
}

function failure({ vm, problem }: JoinReport): string {
  return problem instanceof Problem ? `${vm}: ${problem.message} ${problem.hint} (${problem.id})` : vm;
}
