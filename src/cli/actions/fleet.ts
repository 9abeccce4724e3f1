import { type FleetPlan, isEmptyFleetPlan, shownRemoved, shownVm } from '../../fleet/plan.ts';
import { applyFleet, showPlan } from '../../operations/fleet/apply-fleet.ts';
import type { FleetRun } from '../../operations/fleet/run.ts';
import type { FleetReport } from '../../operations/fleet/event.ts';
import { fleetStatus } from '../../operations/fleet/fleet-status.ts';
import { planRemoval, removeFleet } from '../../operations/fleet/remove-fleet.ts';
import { rollBackFleet } from '../../operations/fleet/roll-back-fleet.ts';
import { fleetProblems } from '../../problems/fleet.ts';
import { meshProblems, shown } from '../../problems/mesh.ts';
import { toShell } from '../../shell-words.ts';
import type { Call } from '../command.ts';
import { called, typedLine } from '../command-line.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat, tellProblem } from '../print.ts';
import { during, RunProgress } from '../progress/run-progress.ts';
import { planDocument, reportDocument } from '../fleet/documents.ts';
import { readFleet } from '../fleet/read-fleet.ts';
import { showFleet } from '../fleet/show-fleet.ts';
import { formatFleetStatus } from '../fleet/status-table.ts';
import { failureLines, formatDiff, formatPlan, formatRecap, formatRemovalPlan } from '../fleet/text.ts';

interface Opened {
  readonly run: FleetRun;
  readonly output: OutputFormat;
  readonly exitCode: boolean;
  /** The command that applies what this one shows. */
  readonly apply: string;
  /** The same command without `--dry-run`. */
  readonly again: string;
  readonly progress: RunProgress;
}

/** `meshx fleet plan`: the joint plan in its batches. */
export async function fleetPlan(call: Call): Promise<number> {
  const opened = await open('fleet plan', call);
  return showPlanned(call, opened, { show: (plan, hash) => formatPlan(plan, hash, opened.apply) });
}

/** `meshx fleet diff`: every change of every VM. */
export async function fleetDiff(call: Call): Promise<number> {
  return showPlanned(call, await open('fleet diff', call), { show: formatDiff });
}

/** `meshx fleet apply` */
export async function fleetApply(call: Call): Promise<number> {
  const opened = await open('fleet apply', call);
  const input = new Input('fleet apply', call);
  const reviewed = input.parsed('planHash', parseHash);
  input.accept();
  if (input.flag('dryRun'))
    return showPlanned(call, opened, { show: (plan, hash) => formatPlan(plan, hash, opened.apply) });
  const asked = confirming(call, opened, (plan) => plan.prunes && prunedBy(plan).length > 0);
  const run = { ...opened.run, ...asked, ...(reviewed !== undefined && { reviewed }) };
  return conclude(call, opened, await during(opened.progress, () => applyFleet(call.world, run)));
}

/** `meshx fleet remove` */
export async function fleetRemove(call: Call): Promise<number> {
  const opened = await open('fleet remove', call);
  if (new Input('fleet remove', call).flag('dryRun')) {
    const show = (plan: FleetPlan) => formatRemovalPlan(plan, opened.again);
    return showPlanned(call, opened, { plan: planRemoval, show });
  }
  const run = { ...opened.run, ...confirming(call, opened, () => true) };
  return conclude(call, opened, await during(opened.progress, () => removeFleet(call.world, run)));
}

/** `meshx fleet rollback` */
export async function fleetRollback(call: Call): Promise<number> {
  const opened = await open('fleet rollback', call);
  return conclude(call, opened, await during(opened.progress, () => rollBackFleet(call.world, opened.run)));
}

/** `meshx fleet status` */
export async function fleetStatusOf(call: Call): Promise<number> {
  const { run, output } = await open('fleet status', call);
  const status = await fleetStatus(call.world, run);
  call.terminal.out(output === 'text' ? formatFleetStatus(status) : formatDocument(status, output));
  return EXIT.done;
}

async function open(command: string, call: Call): Promise<Opened> {
  const { terminal, args } = call;
  const input = new Input(command, call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();
  const exitCode = input.flag('exitCode');
  const options = await readFleet(command, call);
  const progress = new RunProgress(call, { vms: [], onStdout: false });
  const observe = showFleet(progress, terminal);
  const { dryRun: _dryRun, exitCode: _exitCode, ...given } = call.given;
  const apply = called('fleet apply', { given }, ...args).again;
  const { again } = called(command, { given }, ...args);
  const { planHash: _planHash, yes: _yes, confirmWithin: _confirmWithin, ...planned } = given;
  const review = called('fleet plan', { given: planned }, ...args).again;
  return { run: { options, command, again, review, observe }, output, exitCode, apply, again, progress };
}

function parseHash(text: string): string {
  if (!/^[0-9a-f]{32}$/.test(text))
    throw meshProblems.badInput({ issues: [`${shown(text)} is not the hash of a plan: 32 hexadecimal digits`] });
  return text;
}

interface Showing {
  /** That of joins when absent. */
  readonly plan?: typeof showPlan;
  readonly show: (plan: FleetPlan, hash: string) => readonly string[];
}

async function showPlanned(
  { world, terminal }: Call,
  { run, output, exitCode, progress }: Opened,
  { plan: planned = showPlan, show }: Showing,
): Promise<number> {
  const { plan, hash } = await during(progress, () => planned(world, run));
  terminal.out(output === 'text' ? show(plan, hash) : formatDocument(planDocument(plan, hash), output));
  const failed = plan.vms.filter(({ problem }) => problem);
  if (failed.length > 0) {
    const issues = failed.map(({ vm, problem }) => `${vm}: ${problem?.message ?? ''} (${problem?.id ?? ''})`);
    return tellProblem(terminal, fleetProblems.notPlanned({ fleet: plan.fleet, issues }));
  }
  return exitCode && !isEmptyFleetPlan(plan) ? EXIT.planNotEmpty : EXIT.done;
}

/** Asks before VMs are removed. */
function confirming(call: Call, { run }: Opened, asks: (plan: FleetPlan) => boolean): Pick<FleetRun, 'confirm'> {
  if (new Input(run.command, call).flag('yes')) return {};
  return {
    confirm: async (plan) => {
      if (!asks(plan)) return;
      const isRemoval = run.command === 'fleet remove';
      const vms = isRemoval ? plan.vms.map(({ vm }) => shownVm(plan, vm)) : prunedBy(plan);
      const { limit, prune } = call.given;
      const dry = { given: { limit, prune, dryRun: true } };
      const review = isRemoval ? typedLine('fleet remove', dry, ...call.args) : run.review;
      const question = { subject: `fleet ${plan.fleet}`, task: 'remove from the mesh', review };
      await confirm(call.terminal, { ...question, changes: vms.join(', ') });
    },
  };
}

/** The VMs and the services that `--prune` removes. */
function prunedBy(plan: FleetPlan): readonly string[] {
  const services = plan.vms.flatMap(({ vm, extra = [] }) => extra.map((name) => `service ${name} of ${vm}`));
  return [...shownRemoved(plan), ...services];
}

function conclude(call: Call, { output }: Opened, report: FleetReport): number {
  const { terminal } = call;
  terminal.out(output === 'text' ? formatRecap(report) : formatDocument(reportDocument(report), output));
  const failed = report.ends.filter(({ status }) => status === 'failed');
  if (failed.length === 0 && report.stopped === undefined)
    return report.first ? tellFirst(call, report.fleet, report.first) : EXIT.done;
  const issues = failed.flatMap(failureLines);
  const skipped = report.ends.filter(({ status }) => status === 'skipped').length;
  return tellProblem(terminal, fleetProblems.stopped({ fleet: report.fleet, failed: failed.length, issues, skipped }));
}

/** A rollback that left VMs as they are has not done what was asked. */
function tellFirst({ terminal, args }: Call, fleet: string, vms: readonly string[]): number {
  const remove = toShell(['meshx', 'fleet', 'remove', ...args, '--limit', vms.join(',')]);
  return tellProblem(terminal, fleetProblems.noFormerPackages({ fleet, vms, remove }));
}
