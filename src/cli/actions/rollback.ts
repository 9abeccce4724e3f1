import { openMachine } from '../../operations/connection/machine.ts';
import type { RollbackEvent } from '../../operations/rollback/inspect.ts';
import { rollBack } from '../../operations/rollback/rollback.ts';
import type { Lines } from '../../world.ts';
import { linesOfChange, type Telling } from '../change-text.ts';
import { underHeadings } from '../headings.ts';
import { clusterOptions, placeOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { called } from '../command-line.ts';
import { conclude } from '../conclude.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { during, RunProgress, watched } from '../progress/run-progress.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';
import { changesOf, type PrintedReport, printedReport } from '../vm-report.ts';

/** `meshx rollback VM` */
export async function rollback(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const input = new Input('rollback', call);
  const [vm = ''] = args;
  const options = {
    cluster: clusterOptions(input),
    machine: machineOptions(input),
    restart: restartOptions(input),
    confirmWithin: confirmWithin(input),
    place: placeOptions(input),
  };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const dryRun = input.flag('dryRun');
  const exitCode = input.flag('exitCode');
  input.accept();

  const progress = new RunProgress(call, { vms: [vm], onStdout: dryRun && output === 'text' });
  const { say, watch } = progress.of(vm);
  const names = { vm, ...called('rollback', call, vm) };
  const observe = watched(
    watch,
    underHeadings(say, (event: RollbackEvent) => linesOf(event, { ...names, say })),
  );
  const login = () => openMachine(world, options.machine, vm);
  const report = await during(progress, () => rollBack(world, { ...names, login, dryRun, observe }, options));
  const printed = printedReport(report, names.again);
  return conclude({ terminal, output, exitCode, end: formatRollbackEnd }, [printed]);
}

function linesOf(event: RollbackEvent, telling: Telling): Lines | undefined {
  switch (event.kind) {
    case 'not-registered':
      return staysLine(
        `The cluster has no entry of ${telling.vm} in WorkloadGroup ${event.namespace}/${event.group} at an address by which it is reached.`,
      );
    case 'cluster-unreachable':
      return staysLine(event.problem.message);
    default:
      return linesOfChange(event, telling);
  }
}

function staysLine(why: string): string {
  return `note: ${why} The VM stays in rotation while it restarts.`;
}

/** The last line. */
function formatRollbackEnd({ vm, status, steps, ms }: PrintedReport): string {
  const [first = 'nothing'] = steps.filter(({ kind }) => kind === 'step').flatMap(({ changes }) => changes);
  const words = {
    planned: `${changesOf(steps)} changes planned; nothing changed`,
    unchanged: 'nothing was changed',
    changed: `done: ${first}; the sidecar is ready`,
    failed: 'failed',
  };
  return `${vm}: ${words[status]} (${(ms / 1000).toFixed(1)} s)`;
}
