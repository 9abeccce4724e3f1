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
const Steps = z.record(z.string(), z.array(Step).min(1));
const Reason = z.strictObject({ because: z.string().min(12), commands: z.array(z.string()).min(1) });
const Coverage = z.strictObject({ offline: Steps, golden: z.record(z.string(), z.string()), 'not-run': z.array(Reason) });


/** How each command of the documents is tested, or why it is not. */
export const coverage = Coverage.parse(parse(readFileSync(join(ROOT, 'test/docs/commands.yaml'), 'utf8')));
