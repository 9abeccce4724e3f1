import { parseFound } from '../../../src/reconcile/undo/found.ts';
import { undoPlan, type UndoChoices, type UndoPlan } from '../../../src/reconcile/undo/plan.ts';
import { parseJournal } from '../../../src/reconcile/undo/record.ts';

/** A journal and what the machine answers about it, as the lines of their formats. */
export interface Texts {
  readonly index: readonly string[];
  readonly wrote?: readonly string[];
  readonly now?: readonly string[];
  readonly format?: 1 | 2;
}

/** A digest, of one letter. */
export const sum = (letter: string): string => letter.repeat(64);

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** The undo of these, without a machine. */
export function undoOfTexts({ index, wrote = [], now = [], format = 2 }: Texts, choices?: UndoChoices): UndoPlan {
  const readme = `meshx undo journal, format ${format}: x\n`;
  const journal = parseJournal({ host: 'vm', readme, index: textOf(index), wrote: textOf(wrote) });
  return undoPlan(journal, parseFound('vm', textOf(now)), choices);
}

/** The changes of a step: the summary, then each script with its arguments. */
export function changesOf({ steps }: UndoPlan, step: string): readonly (readonly string[])[] {
  const found = steps.find(({ id }) => id === step);
  if (!found) throw new Error(`the plan has no step ${step}`);
  return found.changes.map(({ summary, scripts }) => [
    summary,
    ...scripts.map(({ script: { name, args } }) => [name, ...args].join(' ')),
  ]);
}
