import { relative, resolve } from 'node:path';
import { inspectAudit } from '../../operations/audit.ts';
import type { Problem } from '../../problems.ts';
import { type Audit, unfinishedRuns } from '../../reconcile/audit.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { writeFiles } from '../files.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS, type OutputFormat, problemRecord, tellProblem } from '../print.ts';
import { formatTable } from '../table.ts';

/** `meshx audit VM`: the record of the runs that changed it. Changes nothing on the VM. */
export async function audit(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('audit', call);
  const machine = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const file = input.text('export');
  const head = input.text('head');
  if (head !== undefined && !/^[0-9a-f]{64}$/.test(head))
    input.issue('--head: it is not a sha256 of 64 digits 0-9 a-f');
  input.accept();

  const { text, found, problem } = await inspectAudit(world, { machine, vm: args[0] ?? '', head });
  // A broken record is exported too, for inspection.
  if (file !== undefined) {
    await writeFiles(world.cwd, [{ name: relative(world.cwd, resolve(world.cwd, file)), text, mode: 0o600 }]);
  }
  terminal.out(output === 'text' ? formatAudit(found, problem) : auditDocument(found, problem, output));
  return problem ? tellProblem(terminal, problem) : EXIT.done;
}

function formatAudit(found: Audit, problem: Problem | undefined): string {
  if (found.lines.length === 0) return problem ? 'No line of the record holds.' : 'No run has changed this VM.';
  const unfinished = unfinishedRuns(found);
  const rows = found.lines.filter(({ event, run }) => event === 'ended' || unfinished.some((each) => each.run === run));
  const begun = new Map(found.lines.filter(({ event }) => event === 'began').map((line) => [line.run, line]));
  const cells = rows.map((line) => [
    begun.get(line.run)?.time ?? line.time,
    line.event === 'ended' ? line.time : '-',
    line.who,
    [line.login, line.from].filter((word) => word !== '').join('@') || '-',
    line.result ?? 'did not end',
    line.event === 'ended' ? String(line.changes ?? '?') : '?',
    line.plan.slice(0, 12),
    line.command,
  ]);
  const table = formatTable([['BEGAN', 'ENDED', 'WHO', 'LOGIN', 'RESULT', 'CHANGES', 'PLAN', 'COMMAND'], ...cells]);
  const chain = `${rows.length} ${rows.length === 1 ? 'run' : 'runs'}; hash chain intact. Head: ${found.head}`;
  return problem ? table : `${table}\n${chain}`;
}

function auditDocument(found: Audit, problem: Problem | undefined, format: Exclude<OutputFormat, 'text'>): string {
  const { lines, head } = found;
  const unfinished = unfinishedRuns(found).map(({ run }) => run);
  const end = problem ? { problem: problemRecord(problem) } : {};
  return formatDocument({ lines, head, unfinished, ...end }, format);
}
