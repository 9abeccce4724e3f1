import { resolve } from 'node:path';
import { applyKept } from '../../operations/join/apply.ts';
import { parseKeptPlan } from '../../operations/join/kept-plan.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { called } from '../command-line.ts';
import { conclude } from '../conclude.ts';
import { readText } from '../files.ts';
import { Input } from '../input.ts';
import { tellJoin } from '../join/text.ts';
import { machineOptions } from '../machine-options.ts';
import { OUTPUT_FORMATS } from '../print.ts';
import { during, RunProgress, watched } from '../progress/run-progress.ts';
import { confirmWithin, restartOptions } from '../time-limits.ts';
import { printedReport } from '../vm-report.ts';

/** `meshx apply plan.json`: what setup-vm would do from here on, with the plan as it was reviewed. */
export async function applyKeptPlan(call: Call): Promise<number> {
  const { world, terminal, args } = call;
  const [file = ''] = args;
  const input = new Input('apply', call);
  const options = {
    ...{ cluster: clusterOptions(input), machine: machineOptions(input) },
    ...{ restart: restartOptions(input), confirmWithin: confirmWithin(input), dryRun: input.flag('dryRun') },
  };
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  input.accept();

  const path = resolve(world.cwd, file);
  const kept = await parseKeptPlan(path, await readText(path));
  const names = called('apply', call, ...args);
  const { vm } = kept;
  const progress = new RunProgress(call, { vms: [vm], onStdout: options.dryRun && output === 'text' });
  const { say, watch } = progress.of(vm);
  const observe = watched(watch, tellJoin({ vm, ...names, say }));
  const report = await during(progress, () => applyKept(world, { ...names, kept, options, observe }));
  const printed = printedReport(report, names.again);
  return conclude({ terminal, output, exitCode: input.flag('exitCode') }, [printed]);
}
