import type { CheckReport } from '../../checks/report/report.ts';
import type { Repair, Result } from '../../checks/check.ts';
import { checkMesh } from '../../operations/check/check.ts';
import type { CheckOptions } from '../../operations/check/check-options.ts';
import { type RepairedVm, type Repairs, repairsOf } from '../../operations/check/repairs.ts';
import type { Call } from '../command.ts';
import { reviewLine } from '../command-line.ts';
import { confirm } from '../confirm.ts';
import { EXIT } from '../exit-codes.ts';
import { loadRules } from './load-rules.ts';
import { repeatJoins } from './repeat-join.ts';

/** A check that repairs what it may. */
export interface Fixing {
  readonly options: CheckOptions;
  /** Whether stdout is for people; else it gets one document. */
  readonly isText: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** Prints a report, and returns the exit code that it means. */
  readonly print: (report: CheckReport) => number;
}

/** How long what follows from a fault may take to go after its repair, in milliseconds: sidecar and agent report again. */
const SETTLES_MS = 20_000;

/** Checks, shows what will be repaired and what will not, repairs after a confirmation, and checks again. Returns the exit code. */
export async function checkAndFix(call: Call, fixing: Fixing): Promise<number> {
  const { options, isText, dryRun, print } = fixing;
  const first = await checkMesh(call.world, waiting(options, 0));
  const repairs = repairsOf(first);
  const before = isText ? print(first) : undefined;
  const unrepaired = (): number => before ?? print(first);
  const say = isText ? call.terminal.out : call.terminal.err;
  say(linesOf(repairs, call.terminal.complete));
  if (repairs.vms.length === 0) return unrepaired();
  const planned = await repair(call, repairs.vms, { dryRun: true, isText });
  if (planned === EXIT.done) say(['The plan is empty: a repeated join repairs none of these findings.']);
  if (planned === EXIT.done || (dryRun && planned === EXIT.planNotEmpty)) return unrepaired();
  if (planned !== EXIT.planNotEmpty) {
    unrepaired();
    return planned;
  }
  await confirmed(call, repairs.vms, fixing);
  return await repaired(call, repairs, fixing);
}

async function confirmed(call: Call, vms: readonly RepairedVm[], { yes }: Fixing): Promise<void> {
  if (yes) return;
  const subject = vms.map(({ vm }) => vm).join(', ');
  const review = reviewLine('check', call, ...call.args);
  await confirm(call.terminal, { subject, task: `repair ${subject}`, changes: 'the changes above', review });
}

/** Loads rules, then repeats joins. Returns the exit code of the joins; of a dry run that loads rules, that of a plan that is not empty. */
async function repair(
  call: Call,
  vms: readonly RepairedVm[],
  how: { readonly dryRun: boolean; readonly isText: boolean },
): Promise<number> {
  const [rules, joins] = [withRepair(vms, 'capture'), withRepair(vms, 'join')];
  await loadRules(call, rules, how);
  const ended = await repeatJoins(call, joins, how);
  return ended === EXIT.done && how.dryRun && rules.length > 0 ? EXIT.planNotEmpty : ended;
}

/** The VMs with findings of one repair, and these. */
function withRepair(vms: readonly RepairedVm[], repair: Repair): readonly RepairedVm[] {
  const all = vms.map((vm) => ({ ...vm, findings: vm.findings.filter((finding) => finding.repair === repair) }));
  return all.filter(({ findings }) => findings.length > 0);
}

/** A failed repair has its own exit code; what it left is reported all the same. */
async function repaired(call: Call, { vms }: Repairs, { options, isText, print }: Fixing): Promise<number> {
  const ended = await repair(call, vms, { dryRun: false, isText });
  const { timeoutMs = SETTLES_MS } = options.cluster.facts.wait ?? {};
  const code = print(await checkMesh(call.world, waiting(options, timeoutMs)));
  return ended === EXIT.done ? code : ended;
}

/** The options of a check that waits so long for a healthy mesh, in milliseconds. */
function waiting(options: CheckOptions, timeoutMs: number): CheckOptions {
  return { ...options, cluster: { ...options.cluster, facts: { ...options.cluster.facts, wait: { timeoutMs } } } };
}

function linesOf({ vms, left }: Repairs, complete = (text: string) => text): readonly string[] {
  return [
    ...withRepair(vms, 'capture').flatMap(({ vm, findings }) => [
      `Loading the rules of capture on ${vm} again repairs:`,
      ...findings.map(findingLine),
    ]),
    ...withRepair(vms, 'join').flatMap(({ vm, findings }) => [
      `A repeated join of ${vm} repairs:`,
      ...findings.map(findingLine),
    ]),
    ...(vms.length > 0
      ? []
      : [left.length === 0 ? 'There is nothing to repair.' : '--fix repairs none of these findings.']),
    ...(left.length === 0 ? [] : [vms.length === 0 ? 'Left to you:' : 'Left to you, unless it goes with the repair:']),
    ...left.flatMap((finding) => [
      findingLine(finding),
      ...(finding.hint === undefined ? [] : [`      hint: ${complete(finding.hint)}`]),
    ]),
  ];
}

function findingLine({ detail, id }: Result): string {
  return `    ${detail} [${id}]`;
}
