import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from './pages.ts';

const Step = z.strictObject({
  run: z.string(),
  /** A text that it prints. */
  prints: z.string().optional(),
  exit: z.number().default(0),
});
const LabStep = Step.extend({
  /** What the lab runs for it, where it has no cloud, no kubelet or another address. */
  instead: z.string().optional(),
  /** A shell line for what the page says in words: a file to write, a service to start. */
  before: z.string().optional(),
  /** The VM on which the page has it run. */
  on: z.string().optional(),
  /** What the reader answers to each question. */
  answer: z.string().optional(),
});
export type LabStep = z.infer<typeof LabStep>;

const byPage = <S extends z.ZodType>(step: S) => z.record(z.string(), z.array(step).min(1));
const Reason = z.strictObject({ because: z.string().min(12), commands: z.array(z.string()).min(1) });
const Coverage = z.strictObject({
  offline: byPage(Step),
  lab: byPage(LabStep),
  golden: z.record(z.string(), z.string()),
  'not-run': z.array(Reason),
});

/** How each command of the documents is tested, or why it is not. */
export const coverage = Coverage.parse(parse(readFileSync(join(ROOT, 'test/docs/commands.yaml'), 'utf8')));
