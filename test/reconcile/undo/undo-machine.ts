import { mkdirSync } from 'node:fs';
import { readJournal } from '../../../src/reconcile/undo/read.ts';
import { takePicture } from '../../../src/reconcile/undo/picture.ts';
import { comparePictures, formatDifference } from '../../../src/reconcile/undo/compare.ts';
import { type UndoChoices, undoPlan, type UndoPlan } from '../../../src/reconcile/undo/plan.ts';
import type { ShimMachine } from '../shim-machine.ts';
import { outcomes } from '../shim-machine.ts';

/** The undo of what this machine's journal says, now. */
export async function undoOf(vm: ShimMachine, choices?: UndoChoices): Promise<UndoPlan> {
  const recorded = await readJournal(vm);
  if (!recorded) throw new TypeError('the machine has no journal');
  return undoPlan(recorded.journal, recorded.found, choices);
}

/** Undoes; fails when a step does. */
export async function undo(vm: ShimMachine, choices?: UndoChoices): Promise<UndoPlan> {
  const planned = await undoOf(vm, choices);
  for (const { problem } of await outcomes(planned, vm, { journal: false })) if (problem) throw problem;
  return planned;
}

/** Takes a snapshot of the machine. The returned function lists all differences since, including ignored ones. */
export async function watch(vm: ShimMachine): Promise<() => Promise<readonly string[]>> {
  // Every machine has these.
  for (const each of ['var/lib', 'run']) mkdirSync(vm.path(each), { recursive: true });
  const before = await takePicture(vm);
  return async () => comparePictures(before, await takePicture(vm), []).map(formatDifference);
}
