import { adopt as adoptVm, type AdoptEvent } from '../../operations/adopt/adopt.ts';
import type { Adopted } from '../../operations/adopt/adopted.ts';
import type { JoinOptions } from '../../operations/join/options.ts';
import { formatServicePort } from '../../mesh/service-port.ts';
import { toShell } from '../../shell-words.ts';
import { SIDECAR_UNIT } from '../../vm/adopt/standing.ts';
import type { Telling } from '../change-text.ts';
import type { Call } from '../command.ts';
import { called, reviewLine } from '../command-line.ts';
import { conclude } from '../conclude.ts';
import { confirm } from '../confirm.ts';
import { Input } from '../input.ts';
import { joinOptions, joinOutput } from '../join/options.ts';
import { tellJoin } from '../join/text.ts';
import { during, RunProgress, watched } from '../progress/run-progress.ts';
import { printedReport } from '../vm-report.ts';

/** `meshx adopt VM`: shows the equivalent `up` command, and carries it out. */
export async function adopt(call: Call): Promise<number> {
  const { world, terminal } = call;
  const [vm = ''] = call.args;
  const input = new Input('adopt', call);
  const options = joinOptions(input);
  const { output, exitCode } = joinOutput(input);
  const yes = input.flag('yes');
  if (options.machine.root !== undefined) input.issue('--root: an image runs nothing that could be taken over');
  const unit = input.text('unit') ?? SIDECAR_UNIT;
  input.accept();

  const names = { vm, ...called('adopt', call, vm) };
  const progress = new RunProgress(call, { vms: [vm], onStdout: options.dryRun && output === 'text' });
  const { say, watch } = progress.of(vm);
  const complete = (line: string): string => terminal.complete?.(line) ?? line;
  const observe = watched(watch, tellAdopt({ ...names, say }, complete));
  const confirmed = async (changes: number): Promise<void> => {
    const question = { subject: vm, task: `take ${vm} over`, changes: `make ${changes} changes` };
    if (!yes) await confirm(terminal, { ...question, review: reviewLine('adopt', call, vm) });
  };
  const adoption = { ...names, unit, options, observe, confirm: confirmed };
  const report = await during(progress, () => adoptVm(world, adoption));
  return conclude({ terminal, output, exitCode }, [printedReport(report, names.again)]);
}

function tellAdopt(telling: Telling, complete: (line: string) => string): (event: AdoptEvent) => void {
  const { vm, say } = telling;
  const tell = tellJoin(telling);
  return (event) => {
    if (event.kind === 'read') return say(complete(`as if you had typed: ${upLine(vm, event.options, event.adopted)}`));
    if (event.kind !== 'to-adopt') return tell(event);
    for (const line of announcement(vm, event)) say(line);
  };
}

function announcement(
  vm: string,
  { running, differences }: Extract<AdoptEvent, { kind: 'to-adopt' }>,
): readonly string[] {
  const sidecar =
    differences.length > 0
      ? [
          'note: the running sidecar has other settings, and has to be restarted (--restart):',
          ...differences.map((line) => `  ${line}`),
        ]
      : running
        ? ['note: the running sidecar has these settings: it goes on, and connections through it live on']
        : ['note: the sidecar does not run: it is started'];
  return [
    ...sidecar,
    `note: meshx down ${vm} will restore the current hand-made sidecar`,
    'note: without a confirmation the dead-man switch takes capture and the sidecar away, as of any VM of the mesh',
  ];
}

/** The equivalent `up` command, with the values that the adoption uses. */
export function upLine(vm: string, { cluster, vmAddress }: JoinOptions, adopted: Adopted): string {
  const services = adopted.services.flatMap(({ name, ports }) =>
    ports.map((port) => `${name}:${formatServicePort(port)}`),
  );
  const labels = Object.entries(adopted.labels ?? {}).map(([key, value]) => `${key}=${value}`);
  const option = (flag: string, value: string | undefined): readonly string[] =>
    value === undefined ? [] : [flag, value];
  const typed = [
    ...option('-n', adopted.namespace),
    ...option('--workload-group', adopted.group),
    ...services.flatMap((service) => option('--service', service)),
    ...option('--service-account', adopted.serviceAccount),
    ...labels.flatMap((label) => option('--labels', label)),
    ...option('--network', adopted.network),
    ...option('--vm-address', adopted.address && vmAddress),
    ...option('--istiod-address', adopted.istiodAddress && cluster.facts.address),
    ...(adopted.captureDns ? [] : ['--no-capture-dns']),
  ];
  return toShell(['meshx', 'up', vm, ...typed]);
}
