import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Batch } from '../../fleet/batches.ts';
import type { FleetMember } from '../../fleet/record.ts';
import { Problem } from '../../problems.ts';
import type { World } from '../../world.ts';
import type { LeaveNote } from '../leave/report.ts';
import type { VmReport } from '../vm-report.ts';
import type { FleetObserver, VmEnd } from './event.ts';
import type { RunBook } from './run-record.ts';

/** How the VMs of a run are changed. */
export interface BatchRun {
  readonly world: World;
  readonly batches: readonly Batch[];
  readonly forks: number;
  /** How many VMs may fail before no other is started. */
  readonly most: number;
  readonly book: RunBook;
  readonly observe: FleetObserver;
  /** Changes one VM. Never throws for a failure of the VM. */
  readonly change: (vm: string) => Promise<VmReport<string | LeaveNote>>;
  /** What the record says of a VM that is begun; `null` for one that has left. Absent: the record of members stays. */
  readonly member?: (report: VmReport<string | LeaveNote> | undefined, vm: string) => FleetMember | null | undefined;
  /** Why a VM that was not changed counts as skipped, and stops no other. */
  readonly excuse?: (report: VmReport<string | LeaveNote>) => string | undefined;
  /** Watches the canaries for some seconds and returns what is wrong with each; only after all of them have joined. */
  readonly canary?: { readonly seconds: number; readonly check: (vm: string) => Promise<readonly string[]> };
}

/** How a run over batches ended. */
export interface BatchesEnd {
  readonly ends: readonly VmEnd[];
  readonly stopped?: string;
}

/**
 * Changes the VMs of each batch side by side, one batch after another. A failed canary, more failures than allowed, a lost lock and Ctrl-C
 * start no other VM; those that have begun end by themselves. A bug on one VM is thrown after the others of its batch have ended.
 */
export async function runBatches(run: BatchRun): Promise<BatchesEnd> {
  const { batches, observe } = run;
  const ends = new Map<string, VmEnd>();
  let stopped: string | undefined;
  for (const [index, batch] of batches.entries()) {
    if (stopped !== undefined) break;
    observe({ kind: 'batch', batch, number: index + 1, total: batches.length });
    await runBatch(run, batch, ends);
    stopped = stopReason(run, ends, batch) ?? (await watchCanaries(run, batch, ends));
  }
  const skipped = (vm: string): VmEnd => ({ vm, status: 'skipped', reason: stopped ?? 'the run was stopped' });
  const all = batches.flatMap(({ vms }) => vms).map((vm) => ends.get(vm) ?? skipped(vm));
  return { ends: all, ...(stopped !== undefined && { stopped }) };
}

async function runBatch(run: BatchRun, batch: Batch, ends: Map<string, VmEnd>): Promise<void> {
  const limit = pLimit(run.forks);
  const one = async (vm: string): Promise<void> => {
    if (stopReason(run, ends, batch) !== undefined) return;
    if (!(await run.book.vm(vm, 'running', run.member?.(undefined, vm)))) return;
    run.observe({ kind: 'vm-begins', vm });
    const report = await run.change(vm);
    const end = endOf(run, vm, report);
    ends.set(vm, end);
    await run.book.vm(vm, end.status, run.member?.(report, vm));
    run.observe({ kind: 'vm-ends', end });
  };
  const ended = await Promise.allSettled(batch.vms.map((vm) => limit(() => one(vm))));
  const bug = ended.find((each) => each.status === 'rejected');
  if (bug) throw bug.reason;
}

function endOf({ excuse }: BatchRun, vm: string, report: VmReport<string | LeaveNote>): VmEnd {
  const reason = excuse?.(report);
  if (reason !== undefined) return { vm, status: 'skipped', reason };
  return { vm, status: report.status === 'planned' ? 'unchanged' : report.status, report };
}

function stopReason(
  { world, book, most }: BatchRun,
  ends: ReadonlyMap<string, VmEnd>,
  { canary }: Batch,
): string | undefined {
  if (world.signal.aborted) return 'it was stopped by the operator';
  if (book.lost !== undefined) return `the lock of the fleet was lost: ${book.lost}`;
  const failed = [...ends.values()].filter(({ status }) => status === 'failed').map(({ vm }) => vm);
  if (canary && failed.length > 0) return `canary ${failed.join(', ')} failed`;
  return failed.length > most
    ? `${failed.length} VM${failed.length === 1 ? '' : 's'} failed, and max-fail is ${most}`
    : undefined;
}

/** Why the run stops after a batch of canaries. */
async function watchCanaries(run: BatchRun, batch: Batch, ends: Map<string, VmEnd>): Promise<string | undefined> {
  const { canary, observe, book, world } = run;
  if (!batch.canary || !canary) return undefined;
  const vms = batch.vms.filter((vm) => ends.get(vm)?.status !== 'skipped');
  if (vms.length === 0) return undefined;
  observe({ kind: 'soaking', vms, seconds: canary.seconds });
  await delay(canary.seconds * 1000, undefined, { signal: world.signal }).catch(() => undefined);
  if (world.signal.aborted) return 'it was stopped by the operator';
  const found = await Promise.all(vms.map(async (vm) => [vm, await checked(canary, vm)] as const));
  for (const [vm, failed] of found) observe({ kind: 'canary-checked', vm, failed });
  const bad = found.filter(([, failed]) => failed.length > 0);
  for (const [vm] of bad) {
    const end = ends.get(vm);
    ends.set(vm, { vm, status: 'failed', ...(end?.report && { report: end.report }) });
    await book.vm(vm, 'failed');
  }
  return bad.length === 0
    ? undefined
    : `canary ${bad.map(([vm, failed]) => `${vm} failed its checks (${failed.join('; ')})`).join(', ')}`;
}

async function checked({ check }: NonNullable<BatchRun['canary']>, vm: string): Promise<readonly string[]> {
  try {
    return await check(vm);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [error.message];
  }
}
