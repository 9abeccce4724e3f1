import type { Batch } from '../../fleet/batches.ts';
import { type FleetPlan, isEmptyFleetPlan, type PlannedVm, shownRemoved, shownVm } from '../../fleet/plan.ts';
import type { FleetEvent, FleetReport, VmEnd } from '../../operations/fleet/event.ts';
import type { VmReport } from '../../operations/vm-report.ts';
import type { Lines } from '../../world.ts';
import { changesOf } from '../vm-report.ts';

const COUNT = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** A joint plan with its batches and how many changes each VM has. `apply` is the command that applies it. */
export function formatPlan(plan: FleetPlan, hash: string, apply: string): readonly string[] {
  const { fleet, vms, batches, prunes } = plan;
  const count = (status: PlannedVm['status']): number => vms.filter((vm) => vm.status === status).length;
  const counts = [
    ...[`${count('new')} new`, `${count('changes')} with changes`, `${count('unchanged')} up to date`],
    ...(count('failed') > 0 ? [`${count('failed')} without a plan`] : []),
  ];
  const sizes = batches.filter(({ canary }) => !canary).length;
  let number = 0;
  const listed = batches.flatMap((batch) => {
    const title = batch.canary ? 'Canaries' : `Batch ${(number += 1)} of ${sizes}`;
    return [title, ...batch.vms.map((vm) => `  ${vmLine(vms, vm)}`)];
  });
  return [
    `Fleet ${fleet}: ${COUNT(vms.length, 'VM')}: ${counts.join(', ')}`,
    ...listed,
    ...extraLines(vms, prunes),
    ...removedLines(shownRemoved(plan), prunes),
    ...(isEmptyFleetPlan(plan)
      ? ['The plan is empty: the fleet is up to date.']
      : [`Plan ${hash}. To apply exactly this plan: ${apply} --plan-hash ${hash}`]),
  ];
}

/** A removal with its batches, in the words of the run. `remove` is the command that carries it out. */
export function formatRemovalPlan(plan: FleetPlan, remove: string): readonly string[] {
  const { fleet, vms, batches, removed } = plan;
  if (isEmptyFleetPlan(plan)) return [`Fleet ${fleet}: nothing to remove`];
  const left = removed.filter((vm) => vms.every((each) => each.vm !== vm)).map((vm) => shownVm(plan, vm));
  return [
    `Fleet ${fleet}: remove from the mesh: ${vms.map(({ vm }) => shownVm(plan, vm)).join(', ')}`,
    ...batches.map(
      (batch, index) => `${batchTitle(batch)} (${index + 1} of ${batches.length}): ${batch.vms.join(', ')}`,
    ),
    ...removedLines(left, false),
    `To carry this out: ${remove}. Every change of one VM: meshx down ${vms[0]?.vm ?? 'VM'} --dry-run`,
  ];
}

function removedLines(removed: readonly string[], prunes: boolean): readonly string[] {
  if (removed.length === 0) return [];
  const what = prunes ? 'Removed from the mesh at the end' : 'No longer in the file; removed only with --prune';
  return [`${what}: ${removed.join(', ')}`];
}

/** In a shared group that the file does not name, a service stays also with `--prune`: another VM may have it. */
function extraLines(vms: readonly PlannedVm[], prunes: boolean): readonly string[] {
  const all = vms.flatMap(({ vm, extra = [] }) => (extra.length > 0 ? [`${vm}: ${extra.join(', ')}`] : []));
  if (all.length === 0) return [];
  const what = prunes ? 'removed where no other VM shares the group' : 'removed only with --prune';
  return [`Services that the file does not name, ${what}: ${all.join('; ')}`];
}

const MARKS: Readonly<Record<PlannedVm['status'], string>> = { new: '+', changes: '~', unchanged: '=', failed: 'x' };

function vmLine(vms: readonly PlannedVm[], name: string): string {
  const vm = vms.find((each) => each.vm === name);
  if (!vm) return `= ${name}`;
  const { status, lines, problem } = vm;
  if (problem) return `x ${name}: ${problem.message} (${problem.id})`;
  const what =
    status === 'unchanged' ? 'up to date' : `${status === 'new' ? 'new, ' : ''}${COUNT(lines.length, 'change')}`;
  return `${MARKS[status]} ${name}: ${what}`;
}

/** Every change of every VM, and which VMs the file no longer names. */
export function formatDiff(plan: FleetPlan): readonly string[] {
  const { vms } = plan;
  const due = vms.filter(({ status }) => status !== 'unchanged');
  const lines = due.flatMap((vm) => [vmLine(vms, vm.vm), ...vm.lines.map((line) => `    ${line}`)]);
  const gone = [
    ...vms.flatMap(({ vm, extra = [] }) => extra.map((name) => `- ${vm}: service ${name} is not in the file`)),
    ...shownRemoved(plan).map((vm) => `- ${vm}: no longer in the file`),
  ];
  return lines.length + gone.length === 0 ? ['The fleet is as its file.'] : [...lines, ...gone];
}

/** What is printed of an event; undefined for nothing. */
export function linesOfFleet(event: FleetEvent): Lines | undefined {
  switch (event.kind) {
    case 'planned-vm':
      return event.total > 20 && event.done % 20 === 0 ? `planned ${event.done} of ${event.total} VMs` : undefined;
    case 'planned':
    case 'vm-event':
      return undefined;
    case 'batch':
      return `${batchTitle(event.batch)} (${event.number} of ${event.total}): ${event.batch.vms.join(', ')}`;
    case 'vm-begins':
      return `${event.vm}: begins`;
    case 'vm-ends':
      return endLine(event.end);
    case 'soaking':
      return `canaries soak for ${event.seconds} s: ${event.vms.join(', ')}`;
    case 'canary-checked':
      return `canary ${event.vm}: ${event.failed.length === 0 ? 'ok' : event.failed.join('; ')}`;
    case 'pruning':
      return `no longer in the file, leaving the mesh: ${event.vms.join(', ')}`;
  }
}

function batchTitle({ canary }: Batch): string {
  return canary ? 'canaries' : 'batch';
}

function endLine({ vm, status, report, reason }: VmEnd): string {
  const seconds = report ? ` (${(report.ms / 1000).toFixed(1)} s)` : '';
  const words = {
    unchanged: 'up to date',
    changed: `done, ${report ? COUNT(changes(report), 'change') : ''}`,
    failed: `failed: ${report?.problem ? problemWords(report.problem) : 'its checks after the soak'}`,
    skipped: `skipped: ${reason ?? ''}`,
  };
  return `${vm}: ${words[status]}${seconds}`;
}

function changes({ cluster, phases }: VmReport<unknown>): number {
  return cluster.length + changesOf(phases);
}

function problemWords({ message, id }: { readonly message: string; readonly id: string }): string {
  return `${message} (${id})`;
}

/** How many VMs ended how, with the reason of each failure and of what was skipped. */
export function formatRecap({ fleet, ends, stopped }: FleetReport): readonly string[] {
  const of = (status: VmEnd['status']): readonly VmEnd[] => ends.filter((end) => end.status === status);
  const [ok, changed, failed, skipped] = [of('unchanged'), of('changed'), of('failed'), of('skipped')];
  return [
    `Recap of fleet ${fleet}: ${ok.length} ok, ${changed.length} changed, ${failed.length} failed, ${skipped.length} skipped`,
    ...failed.map((end) => `  failed   ${endLine(end).replace(': failed: ', ': ')}`),
    ...groupedByReason(skipped).map(([reason, vms]) => `  skipped  ${vms.join(', ')}: ${reason}`),
    ...(stopped === undefined ? [] : [`Stopped: ${stopped}.`]),
  ];
}

/** Why a VM failed, with its failed checks. What the run had done there is left out: it may be fifty lines a VM. */
export function failureLines({ vm, report }: VmEnd): readonly string[] {
  const { problem } = report ?? {};
  if (!problem) return [`${vm}: its checks after the soak failed`];
  const { message, hint, id, issues } = problem;
  return [`${vm}: ${message} ${hint} (${id})`, ...issues.filter(isCause).map((issue) => `${vm}: ${issue}`)];
}

const isCause = (issue: string): boolean => !issue.startsWith('done: ');

function groupedByReason(skipped: readonly VmEnd[]): readonly (readonly [string, readonly string[]])[] {
  const reasons = [...new Set(skipped.map(({ reason = '' }) => reason))];
  return reasons.map((reason) => [reason, skipped.filter((end) => (end.reason ?? '') === reason).map(({ vm }) => vm)]);
}
